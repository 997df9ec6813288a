/// What a matrix product does with its result.
enum LinearEpilogue {
    /// `out = x Wᵀ + b`
    case store
    /// `out = quickGELU(x Wᵀ + b)`
    case quickGELU
    /// `out += x Wᵀ + b`
    case accumulate
}

/// A layer `x Wᵀ + b` with its weights in the form that a CPU library multiplies by.
protocol Linear: Sendable {
    /// Width of a row of `x`.
    var inputs: Int { get }
    /// Width of a row of `out`.
    var outputs: Int { get }

    /// Applies the layer to `rows` rows, splitting the work over `pool`.
    ///
    /// - Parameters:
    ///   - out: (rows, outputs), contiguous.
    ///   - x: (rows, inputs), contiguous.
    func forward(
        _ out: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, rows: Int, epilogue: LinearEpilogue,
        pool: WorkerPool)
}

/// Makes the layers of the CPU towers for one library and precision.
protocol LinearFactory: Sendable {
    /// For people: the library, its version and the precision.
    var description: String { get }
    /// A layer of `weight` (outputs, inputs) and `bias` (outputs), or none.
    func makeLinear(weight: Parameter, bias: Parameter?, outputs: Int, inputs: Int) -> any Linear
}
