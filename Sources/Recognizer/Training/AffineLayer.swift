/// `x Wᵀ + b`; its products with rows are `PackedLayer`'s, sums over rows `WeightGradientSum`'s.
struct AffineLayer {
    let weight: UnsafePointer<Float>
    let bias: UnsafePointer<Float>?
    let dWeight: UnsafeMutablePointer<Float>?
    let dBias: UnsafeMutablePointer<Float>?
    let outputs: Int
    let inputs: Int
    /// How the weights and their gradient stand, see `ParameterLayout.Entry`.
    let panel: Int?
    private let owner: TrainedParameters

    /// - Parameters:
    ///   - weight: (outputs, inputs); `outputs` is a multiple of 64, and so is `inputs` where there is a backward.
    ///   - bias: (outputs)
    init(weight: ParameterSlot, bias: ParameterSlot?, outputs: Int, inputs: Int) {
        self.weight = weight.value
        self.bias = bias?.value
        dWeight = weight.gradient
        dBias = bias?.gradient
        self.outputs = outputs
        self.inputs = inputs
        panel = weight.panel
        owner = weight.owner
    }

    /// The sum over all rows that gives this layer's gradients; nil where it is frozen.
    ///
    /// - Parameters:
    ///   - dOut: (rows, outputs)
    ///   - x: (rows, inputs)
    ///   - xLayout: nil where its rows stand one after the other.
    func gradient(
        _ dOut: UnsafePointer<Float>, _ x: UnsafePointer<Float>, xLayout: MatrixLayout? = nil, rows: Int
    ) -> WeightGradient? {
        guard let dWeight else { return nil }
        return WeightGradient(
            dWeight: dWeight, dBias: dBias, dOut: dOut, x: x, xLayout: xLayout ?? .rows(width: inputs),
            outputs: outputs,
            inputs: inputs, rows: rows, panel: panel)
    }
}
