import CKernels

/// Attention of a batch of sequences in bfloat16, as `AttentionJob` is in float32; a part is one head of one sequence.
struct HalfAttentionJob: ParallelJob {
    /// (sequences, length, D)
    let out: UnsafeMutablePointer<UInt16>
    /// (sequences, length, 3D)
    let projected: UnsafePointer<UInt16>
    let width: Int
    let heads: Int
    /// Rows of a sequence.
    let length: Int
    let pattern: AttentionPattern
    let scratch: HalfAttentionScratch

    func run(part: Int, worker: Int) {
        let (sequence, head) = (part / heads, part % heads)
        let column = head * Int(CKERNELS_HEAD)
        let (packedKeys, packedValues) = (scratch.keys(worker: worker), scratch.values(worker: worker))
        let keys = projected + sequence * length * 3 * width + width + column
        ckernels_half_pack_keys(packedKeys, keys, 3 * width, length)
        ckernels_half_pack_values(packedValues, keys + width, 3 * width, length)
        var task = ckernels_half_attention()
        task.out_stride = width
        task.query_stride = 3 * width
        task.packed_keys = UnsafePointer(packedKeys)
        task.packed_values = UnsafePointer(packedValues)
        task.keys = keys
        task.values = keys + width
        task.key_stride = 3 * width
        task.scale = 0.125
        task.scores = scratch.scores(worker: worker)
        task.score_stride = scratch.stride
        let base = sequence * length
        pattern.eachStretch(length: length, rows: scratch.rows) { keys in
            task.first_end = keys.first
            task.second_begin = keys.second.lowerBound
            task.second_end = keys.second.upperBound
            task.own_first = keys.own ?? -1
            task.causal = keys.causal == nil ? 0 : 1
            task.causal_first = keys.causal ?? 0
            task.rows = keys.queries.count
            let row = base + keys.queries.lowerBound
            task.queries = projected + row * 3 * width + column
            task.out = out + row * width + column
            ckernels_half_attend(&task)
        }
    }
}

/// Each worker's packed keys, packed values and scores.
struct HalfAttentionScratch {
    /// Query rows of one task: their scores take about a quarter of a megabyte, of a core's second-level cache.
    let rows: Int
    /// Floats from one row of scores to the next, a multiple of a block of keys.
    let stride: Int
    private let memory: FloatBuffer
    private let perWorker: Int

    init(sequence: Int, workers: Int) {
        let block = Int(CKERNELS_HALF_BLOCK)
        stride = (sequence + block - 1) / block * block
        rows = min(max(65_536 / stride / 6 * 6, 6), 96)
        // Keys and values take 64 halves each.
        perWorker = stride * (rows + Int(CKERNELS_HEAD))
        memory = FloatBuffer(count: perWorker * workers)
    }

    func keys(worker: Int) -> UnsafeMutablePointer<UInt32> {
        UnsafeMutableRawPointer(memory.pointer + worker * perWorker).assumingMemoryBound(to: UInt32.self)
    }

    func values(worker: Int) -> UnsafeMutablePointer<UInt32> {
        keys(worker: worker) + stride * Int(CKERNELS_HEAD) / 2
    }

    /// (rows, stride)
    func scores(worker: Int) -> UnsafeMutablePointer<Float> {
        memory.pointer + worker * perWorker + stride * Int(CKERNELS_HEAD)
    }
}
