import CKernels

/// Layer normalisation of rows and its backward.
struct NormLayer {
    let weight: ParameterSlot
    let bias: ParameterSlot
    let width: Int

    /// - Parameter name: of the layer in the state dict, without `.weight`.
    init(_ parameters: TrainedParameters, _ name: String, width: Int) {
        weight = parameters.slot(name + ".weight")
        bias = parameters.slot(name + ".bias")
        self.width = width
    }

    /// Where a part of the rows adds its gradients: (D) each.
    struct PartGradients {
        let weight: UnsafeMutablePointer<Float>
        let bias: UnsafeMutablePointer<Float>
    }

    /// - Parameters:
    ///   - out: (rows, D)
    ///   - statistics: (rows, 2), mean and factor, for the backward.
    ///   - x: (rows, D)
    func forward(
        _ out: UnsafeMutablePointer<Float>, statistics: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>,
        rows: Int, _ kernels: borrowing ckernels_training_functions
    ) {
        kernels.norm_forward(out, statistics, x, weight.value, bias.value, rows, width, LayerNorm.epsilon)
    }

    /// - Parameters:
    ///   - dX: (rows, D), `residual` and the gradient through the norm.
    ///   - out: (rows, D), what the forward gave, and how that stands; nil where nobody needs it.
    ///   - gradients: added into.
    ///   - dOut: (rows, D), not in the place of `dX`.
    ///   - residual: (rows, D), may be in the place of `dX`; nil for zero.
    ///   - x: (rows, D) of the forward, likewise `statistics`.
    func backward(
        _ dX: UnsafeMutablePointer<Float>, recomputing out: (UnsafeMutablePointer<Float>, MatrixLayout)?,
        _ gradients: PartGradients, _ dOut: UnsafePointer<Float>, residual: UnsafePointer<Float>?,
        _ x: UnsafePointer<Float>, statistics: UnsafePointer<Float>, rows: Int,
        _ kernels: borrowing ckernels_training_functions
    ) {
        kernels.norm_backward(
            dX, out?.0, out?.1 ?? .rows(width: width), gradients.weight, gradients.bias, dOut, residual, x, statistics,
            weight.value, bias.value, rows, width)
    }
}
