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

    /// The type of rows that the layer reads with the least work; it reads float32 always, and bfloat16 where any layer does.
    var rowType: RowType { get }

    /// Applies the layer to `rows` rows, splitting the work over `pool`.
    ///
    /// - Parameters:
    ///   - out: (rows, outputs), contiguous; float32 for `accumulate`.
    ///   - x: (rows, inputs), contiguous.
    func forward(_ out: Activations, _ x: Activations, rows: Int, epilogue: LinearEpilogue, pool: WorkerPool)
}

extension Linear {
    var rowType: RowType { .float32 }

    func forward(
        _ out: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, rows: Int, epilogue: LinearEpilogue,
        pool: WorkerPool
    ) {
        forward(Activations(out), Activations(reading: x), rows: rows, epilogue: epilogue, pool: pool)
    }
}

/// Makes the layers of the CPU towers for one library and precision.
protocol LinearFactory: Sendable {
    /// For people: the library, its version and the precision.
    var description: String { get }
    /// The type of queries, keys and values, and of what attention makes of them.
    var attentionType: RowType { get }
    /// A layer of `weight` (outputs, inputs) and `bias` (outputs), or none.
    ///
    /// - Parameters:
    ///   - name: the layer's in the checkpoint, without `.weight`.
    ///   - weight: asked for only where the layer's weights do not lie packed already.
    /// - Throws: `RecognizerError`, what `weight` throws included.
    func makeLinear(
        name: String, weight: @autoclosure () throws -> Parameter, bias: Parameter?, outputs: Int, inputs: Int
    ) throws -> any Linear

    /// A factory for the layers of one tower: what they share while they compute is no other tower's, so that towers can
    /// compute at the same time.
    func forTower() throws -> any LinearFactory

    /// What names everything that the form of packed weights depends on besides the weights; nil where they stay as they are.
    var packing: String? { get }
    /// This factory, taking packed weights from `store` and leaving there what it packs.
    func packing(into store: PackedWeights) -> any LinearFactory
}

extension LinearFactory {
    var attentionType: RowType { .float32 }
    func forTower() throws -> any LinearFactory { self }
    var packing: String? { nil }
    func packing(into store: PackedWeights) -> any LinearFactory { self }
}
