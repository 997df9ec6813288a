/// One pre-norm transformer block: `x += out(attention(ln_1(x)))`, then `x += c_proj(quickGELU(c_fc(ln_2(x))))`.
struct TransformerBlock {
    let width: Int
    let heads: Int
    let attentionNorm: LayerNorm
    /// D to 3D: queries, keys, values.
    let projection: any Linear
    let output: any Linear
    let mlpNorm: LayerNorm
    let expansion: any Linear
    let contraction: any Linear

    /// - Parameters:
    ///   - path: the block's place in the checkpoint, `visual.transformer.resblocks.0.`
    ///   - prefix: what the authors put before a part's name, `temporal_` in the temporal tower.
    init(_ weights: ModelWeights, path: String, prefix: String = "", width: Int, factory: any LinearFactory) throws {
        let part = path + prefix
        self.width = width
        heads = width / ModelGeometry.headWidth
        attentionNorm = LayerNorm(
            weight: try weights.parameter(part + "ln_1.weight", width),
            bias: try weights.parameter(part + "ln_1.bias", width), width: width)
        projection = factory.makeLinear(
            weight: try weights.parameter(part + "attn.in_proj_weight", 3 * width, width),
            bias: try weights.parameter(part + "attn.in_proj_bias", 3 * width), outputs: 3 * width, inputs: width)
        output = factory.makeLinear(
            weight: try weights.parameter(part + "attn.out_proj.weight", width, width),
            bias: try weights.parameter(part + "attn.out_proj.bias", width), outputs: width, inputs: width)
        mlpNorm = LayerNorm(
            weight: try weights.parameter(part + "ln_2.weight", width),
            bias: try weights.parameter(part + "ln_2.bias", width), width: width)
        expansion = factory.makeLinear(
            weight: try weights.parameter(part + "mlp.c_fc.weight", 4 * width, width),
            bias: try weights.parameter(part + "mlp.c_fc.bias", 4 * width), outputs: 4 * width, inputs: width)
        contraction = factory.makeLinear(
            weight: try weights.parameter(part + "mlp.c_proj.weight", width, 4 * width),
            bias: try weights.parameter(part + "mlp.c_proj.bias", width), outputs: width, inputs: 4 * width)
    }

    /// - Parameter x: (sequences * length, D), changed in place.
    func forward(
        _ x: UnsafeMutablePointer<Float>, sequences: Int, length: Int, pattern: AttentionPattern,
        _ work: BlockWorkspace,
        _ pool: WorkerPool
    ) {
        let rows = sequences * length
        eachRows(of: rows) { begin, count in
            attentionNorm.forward(work.normalised.pointer, x + begin * width, rows: count, pool: pool)
            projection.forward(
                work.projected.pointer + begin * 3 * width, work.normalised.pointer, rows: count, epilogue: .store,
                pool: pool)
        }
        let projected = UnsafePointer(work.projected.pointer)
        let attention = AttentionJob(
            out: work.attended.pointer, outStride: width, queries: projected, queryStride: 3 * width,
            keys: projected + width,
            values: projected + 2 * width, keyStride: 3 * width, heads: heads, length: length,
            queriesPerSequence: length,
            pattern: pattern, scratch: work.attention)
        pool.run(attention, parts: attention.parts(sequences: sequences))
        finish(x, rows: rows, work, pool)
    }

    /// Everything behind the attention, which stands in `work.attended`: (rows, D) of `x` changed in place.
    func finish(_ x: UnsafeMutablePointer<Float>, rows: Int, _ work: BlockWorkspace, _ pool: WorkerPool) {
        eachRows(of: rows) { begin, count in
            let rows = x + begin * width
            output.forward(rows, work.attended.pointer + begin * width, rows: count, epilogue: .accumulate, pool: pool)
            mlpNorm.forward(work.normalised.pointer, rows, rows: count, pool: pool)
            expansion.forward(
                work.hidden.pointer, work.normalised.pointer, rows: count, epilogue: .quickGELU, pool: pool)
            contraction.forward(rows, work.hidden.pointer, rows: count, epilogue: .accumulate, pool: pool)
        }
    }

    func eachRows(of rows: Int, _ body: (_ begin: Int, _ count: Int) -> Void) {
        for begin in stride(from: 0, to: rows, by: BlockWorkspace.rowsAtOnce) {
            body(begin, min(BlockWorkspace.rowsAtOnce, rows - begin))
        }
    }
}
