/// The last temporal block. Of its output only each frame's class token is read, so queries, output projection and MLP
/// run on those T rows alone, and keys and values are absorbed (see `PooledAttention`).
struct ClassTokenBlock {
    private let width: Int
    private let norm: LayerNorm
    private let attention: PooledAttention
    private let tail: BlockTail

    /// - Parameter part: what the names of the block's tensors begin with.
    init(_ weights: ModelWeights, part: String, width: Int, factory: any LinearFactory) throws {
        self.width = width
        norm = try LayerNorm(weights, part + "ln_1", width: width)
        attention = PooledAttention(
            weight: try weights.parameter(part + "attn.in_proj_weight", 3 * width, width),
            bias: try weights.parameter(part + "attn.in_proj_bias", 3 * width), width: width)
        tail = try BlockTail(weights, part: part, width: width, factory: factory)
    }

    /// - Parameters:
    ///   - out: (windows * T, D), the class tokens behind the block.
    ///   - x: (windows, T, L, D)
    func forward(
        _ out: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, windows: Int, frames: Int, tokens: Int,
        mask: KroneckerMask, _ scratch: PooledAttention.Scratch, _ work: BlockWorkspace, _ pool: WorkerPool
    ) {
        let length = frames * tokens
        for window in 0..<windows {
            // The product's memory is free in this block and large enough for all normalised rows.
            let normalised = work.spareRows
            norm.forward(normalised, x + window * length * width, rows: length, pool: pool)
            attention.forward(
                scratch.attended.pointer + window * frames * width, normalised, frames: frames, tokens: tokens,
                mask: mask, scratch, pool)
        }
        for row in 0..<windows * frames { (out + row * width).update(from: x + row * tokens * width, count: width) }
        tail.forward(out, attended: Activations(scratch.attended.pointer), rows: windows * frames, work, pool)
    }
}
