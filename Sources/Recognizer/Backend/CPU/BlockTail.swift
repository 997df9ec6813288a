/// What a transformer block does behind its attention: `x += out_proj(attended)`, then
/// `x += c_proj(quickGELU(c_fc(ln_2(x))))`.
struct BlockTail {
    private let width: Int
    private let output: any Linear
    private let norm: LayerNorm
    private let expansion: any Linear
    private let contraction: any Linear

    /// - Parameter part: what the names of the block's tensors begin with.
    init(_ weights: ModelWeights, part: String, width: Int, factory: any LinearFactory) throws {
        self.width = width
        output = try factory.makeLinear(
            name: part + "attn.out_proj",
            weight: try weights.parameter(part + "attn.out_proj.weight", width, width),
            bias: try weights.parameter(part + "attn.out_proj.bias", width), outputs: width, inputs: width)
        norm = try LayerNorm(weights, part + "ln_2", width: width)
        expansion = try factory.makeLinear(
            name: part + "mlp.c_fc",
            weight: try weights.parameter(part + "mlp.c_fc.weight", 4 * width, width),
            bias: try weights.parameter(part + "mlp.c_fc.bias", 4 * width), outputs: 4 * width, inputs: width)
        contraction = try factory.makeLinear(
            name: part + "mlp.c_proj",
            weight: try weights.parameter(part + "mlp.c_proj.weight", width, 4 * width),
            bias: try weights.parameter(part + "mlp.c_proj.bias", width), outputs: width, inputs: 4 * width)
    }

    /// - Parameters:
    ///   - x: (rows, D), changed in place.
    ///   - attended: (rows, D)
    func forward(
        _ x: UnsafeMutablePointer<Float>, attended: Activations, rows: Int, _ work: BlockWorkspace, _ pool: WorkerPool
    ) {
        let (normalised, hidden) = (work.normalisedRows(for: expansion), work.hiddenRows(for: contraction))
        BlockWorkspace.eachRows(of: rows) { begin, count in
            let rows = Activations(x + begin * width)
            output.forward(rows, attended + begin * width, rows: count, epilogue: .accumulate, pool: pool)
            norm.forward(normalised, rows.floats, rows: count, pool: pool)
            expansion.forward(hidden, normalised, rows: count, epilogue: .quickGELU, pool: pool)
            contraction.forward(rows, hidden, rows: count, epilogue: .accumulate, pool: pool)
        }
    }
}
