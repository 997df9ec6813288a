/// The last temporal block. Of its output only each frame's class token is read, so queries, output projection and MLP
/// run on those T rows alone; keys and values on all. Exactly the rows that the whole block would give.
struct ClassTokenBlock {
    private let block: TransformerBlock
    private let query: any Linear
    private let keysAndValues: any Linear

    init(_ weights: ModelWeights, path: String, prefix: String, width: Int, factory: any LinearFactory) throws {
        block = try TransformerBlock(weights, path: path, prefix: prefix, width: width, factory: factory)
        let weight = try weights.parameter(path + prefix + "attn.in_proj_weight", 3 * width, width)
        let bias = try weights.parameter(path + prefix + "attn.in_proj_bias", 3 * width)
        query = factory.makeLinear(
            weight: Parameter(weight, from: 0, count: width * width), bias: Parameter(bias, from: 0, count: width),
            outputs: width, inputs: width)
        keysAndValues = factory.makeLinear(
            weight: Parameter(weight, from: width * width, count: 2 * width * width),
            bias: Parameter(bias, from: width, count: 2 * width), outputs: 2 * width, inputs: width)
    }

    /// - Parameters:
    ///   - out: (sequences * T, D), the class tokens behind the block.
    ///   - x: (sequences, T, L, D)
    ///   - scratch: two times (sequences * T, D), for the class rows' normalised values and queries.
    func forward(
        _ out: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, sequences: Int, frames: Int, tokens: Int,
        mask: KroneckerMask, scratch: FloatBuffer, _ work: BlockWorkspace, _ pool: WorkerPool
    ) {
        let width = block.width
        let length = frames * tokens
        let classRows = sequences * frames
        block.eachRows(of: sequences * length) { begin, count in
            block.attentionNorm.forward(work.normalised.pointer, x + begin * width, rows: count, pool: pool)
            keysAndValues.forward(
                work.projected.pointer + begin * 2 * width, work.normalised.pointer, rows: count, epilogue: .store,
                pool: pool)
        }
        let normalised = scratch.pointer
        let queries = scratch.pointer + classRows * width
        for row in 0..<classRows { (out + row * width).update(from: x + row * tokens * width, count: width) }
        block.attentionNorm.forward(normalised, out, rows: classRows, pool: pool)
        query.forward(queries, normalised, rows: classRows, epilogue: .store, pool: pool)
        let attention = AttentionJob(
            out: work.attended.pointer, outStride: width, queries: queries, queryStride: width,
            keys: work.projected.pointer, values: work.projected.pointer + width, keyStride: 2 * width,
            heads: block.heads,
            length: length, queriesPerSequence: frames, pattern: .kronecker(mask, frames: frames, tokens: tokens),
            scratch: work.attention)
        pool.run(attention, parts: attention.parts(sequences: sequences))
        block.finish(out, rows: classRows, work, pool)
    }
}
