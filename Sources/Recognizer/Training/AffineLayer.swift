import CKernels

/// `x Wᵀ + b` on some rows and its backward; sums over rows are `WeightGradientSum`'s.
struct AffineLayer {
    let weight: UnsafePointer<Float>
    let bias: UnsafePointer<Float>?
    let dWeight: UnsafeMutablePointer<Float>?
    let dBias: UnsafeMutablePointer<Float>?
    let outputs: Int
    let inputs: Int
    private let owner: TrainedParameters

    /// - Parameters:
    ///   - weight: (outputs, inputs)
    ///   - bias: (outputs)
    init(weight: ParameterSlot, bias: ParameterSlot?, outputs: Int, inputs: Int) {
        self.weight = weight.value
        self.bias = bias?.value
        dWeight = weight.gradient
        dBias = bias?.gradient
        self.outputs = outputs
        self.inputs = inputs
        owner = weight.owner
    }

    /// The outputs in `range` of `layer`.
    init(_ layer: AffineLayer, outputs range: Range<Int>) {
        weight = layer.weight + range.lowerBound * layer.inputs
        bias = layer.bias.map { $0 + range.lowerBound }
        dWeight = layer.dWeight.map { $0 + range.lowerBound * layer.inputs }
        dBias = layer.dBias.map { $0 + range.lowerBound }
        outputs = range.count
        inputs = layer.inputs
        owner = layer.owner
    }

    /// - Parameters:
    ///   - out: (rows, outputs)
    ///   - x: (rows, inputs)
    func forward(_ out: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, rows: Int) {
        if let bias { ckernels_set_rows(out, outputs, bias, rows, outputs) }
        MatrixProduct.timesTransposed(
            out, stride: outputs, x, stride: inputs, weight, stride: inputs, rows: rows, columns: outputs,
            depth: inputs, keep: bias == nil ? 0 : 1)
    }

    /// - Parameters:
    ///   - dX: (rows, inputs)
    ///   - dOut: (rows, outputs)
    func backward(_ dX: UnsafeMutablePointer<Float>, _ dOut: UnsafePointer<Float>, rows: Int) {
        MatrixProduct.times(
            dX, stride: inputs, dOut, stride: outputs, weight, stride: inputs, rows: rows, columns: inputs,
            depth: outputs, keep: 0)
    }

    /// The sum over all rows that gives this layer's gradients; nil where it is frozen.
    ///
    /// - Parameters:
    ///   - dOut: (rows, outputs)
    ///   - x: (rows, inputs)
    func gradient(_ dOut: UnsafePointer<Float>, _ x: UnsafePointer<Float>, rows: Int) -> WeightGradient? {
        guard let dWeight else { return nil }
        return WeightGradient(
            dWeight: dWeight, dBias: dBias, dOut: dOut, x: x, outputs: outputs, inputs: inputs, rows: rows)
    }
}
