/// One pre-norm transformer block: `x += out_proj(attention(ln_1(x)))`, then the block's tail.
struct TransformerBlock {
    private let width: Int
    private let norm: LayerNorm
    /// D to 3D: queries, keys, values.
    private let projection: any Linear
    private let tail: BlockTail

    /// - Parameter part: what the names of the block's tensors begin with, `visual.transformer.resblocks.0.`, in the temporal
    ///   tower with `temporal_` behind it.
    init(_ weights: ModelWeights, part: String, width: Int, factory: any LinearFactory) throws {
        self.width = width
        norm = try LayerNorm(weights, part + "ln_1", width: width)
        projection = try factory.makeLinear(
            name: part + "attn.in_proj",
            weight: try weights.parameter(part + "attn.in_proj_weight", 3 * width, width),
            bias: try weights.parameter(part + "attn.in_proj_bias", 3 * width), outputs: 3 * width, inputs: width)
        tail = try BlockTail(weights, part: part, width: width, factory: factory)
    }

    /// - Parameter x: (sequences * length, D), changed in place.
    func forward(
        _ x: UnsafeMutablePointer<Float>, sequences: Int, length: Int, pattern: AttentionPattern,
        _ work: BlockWorkspace,
        _ pool: WorkerPool
    ) {
        let rows = sequences * length
        BlockWorkspace.eachRows(of: rows) { begin, count in
            let normalised = work.normalisedRows(for: projection)
            norm.forward(normalised, x + begin * width, rows: count, pool: pool)
            projection.forward(
                work.projectedRows + begin * 3 * width, normalised, rows: count, epilogue: .store, pool: pool)
        }
        work.attend(sequences: sequences, length: length, width: width, pattern: pattern, pool)
        tail.forward(x, attended: work.attendedRows, rows: rows, work, pool)
    }
}
