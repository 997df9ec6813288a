import CKernels

/// The first temporal block. Its product of queries, keys and values is kept per frame.
///
/// A row of a window is a frame's feature `s` plus its slot's embedding `e`. Layer normalisation is linear once mean and
/// deviation of the row are known: `LN(s + e) W + b = (s G W + e G W - mean 1 G W) / deviation + (beta W + b)`, with `G` its
/// weights. So `s G W` is computed once a frame, `e G W` once a slot, and a window only combines them.
struct EntryBlock {
    private let width: Int
    /// `x G W`, without bias: D to 3D.
    private let projection: any Linear
    /// (T, 3D): `e G W`
    private let slots: FloatBuffer
    /// (3D): `1 G W`
    private let ones: FloatBuffer
    /// (3D): `beta W + b`
    private let bias: FloatBuffer
    private let tail: BlockTail

    /// - Parameter slotEmbedding: (T, D)
    init(
        _ weights: ModelWeights, part: String, width: Int, slotEmbedding: Parameter, frames: Int,
        factory: any LinearFactory,
        pool: WorkerPool
    ) throws {
        self.width = width
        let norm = try LayerNorm(weights, part + "ln_1", width: width)
        let weight = try weights.parameter(part + "attn.in_proj_weight", 3 * width, width)
        let offset = try weights.parameter(part + "attn.in_proj_bias", 3 * width)
        let scaled = FloatBuffer(count: 3 * width * width)
        ones = FloatBuffer(count: 3 * width)
        bias = FloatBuffer(count: 3 * width)
        ckernels_matrix_vector(bias.pointer, weight.pointer, norm.bias.pointer, 3 * width, width)
        for row in 0..<3 * width {
            var sum = 0.0
            for column in 0..<width {
                let value = weight.pointer[row * width + column] * norm.weight.pointer[column]
                scaled.pointer[row * width + column] = value
                sum += Double(value)
            }
            ones.pointer[row] = Float(sum)
            bias.pointer[row] += offset.pointer[row]
        }
        weight.forgetPages()
        projection = try factory.makeLinear(
            name: part + "attn.in_proj", weight: Parameter(scaled), bias: nil, outputs: 3 * width, inputs: width)
        slots = FloatBuffer(count: frames * 3 * width)
        projection.forward(slots.pointer, slotEmbedding.pointer, rows: frames, epilogue: .store, pool: pool)
        tail = try BlockTail(weights, part: part, width: width, factory: factory)
    }

    /// What is kept of a frame besides its features: `s G W`, (rows, 3D) from (rows, D).
    func project(_ out: UnsafeMutablePointer<Float>, _ features: UnsafePointer<Float>, rows: Int, _ pool: WorkerPool) {
        BlockWorkspace.eachRows(of: rows) { begin, count in
            projection.forward(
                out + begin * 3 * width, features + begin * width, rows: count, epilogue: .store, pool: pool)
        }
    }

    /// - Parameters:
    ///   - x: (windows, T, L, D), features plus slot embeddings; changed in place.
    ///   - kept: (slots, L, 3D), what `project` gave for each kept frame.
    ///   - places: (windows, T), which kept frame stands in which slot.
    func forward(
        _ x: UnsafeMutablePointer<Float>, kept: UnsafePointer<Float>, places: UnsafePointer<Int>, windows: Int,
        frames: Int,
        tokens: Int, mask: KroneckerMask, _ work: BlockWorkspace, _ pool: WorkerPool
    ) {
        let combine = CombineJob(
            out: work.projectedRows, x: x, kept: kept, places: places, slots: slots.pointer, ones: ones.pointer,
            bias: bias.pointer, frames: frames, tokens: tokens, width: width)
        pool.run(combine, parts: windows * frames)
        work.attend(
            sequences: windows, length: frames * tokens, width: width,
            pattern: .kronecker(mask, frames: frames, tokens: tokens), pool)
        tail.forward(x, attended: work.attendedRows, rows: windows * frames * tokens, work, pool)
    }

    /// The product of one frame of a window; a part is a frame.
    private struct CombineJob: ParallelJob {
        let out: Activations
        let x: UnsafePointer<Float>
        let kept: UnsafePointer<Float>
        let places: UnsafePointer<Int>
        let slots: UnsafePointer<Float>
        let ones: UnsafePointer<Float>
        let bias: UnsafePointer<Float>
        let frames: Int
        let tokens: Int
        let width: Int

        func run(part: Int, worker: Int) {
            let to = out + part * tokens * 3 * width
            let (own, slot) = (kept + places[part] * tokens * 3 * width, slots + (part % frames) * 3 * width)
            let rows = x + part * tokens * width
            switch out.type {
            case .float32:
                ckernels_combine_normalised(
                    to.floats, own, slot, ones, bias, rows, tokens, width, 3 * width, LayerNorm.epsilon)
            case .bfloat16:
                ckernels_half_combine_normalised(
                    to.halves, own, slot, ones, bias, rows, tokens, width, 3 * width, LayerNorm.epsilon)
            }
        }
    }
}
