import CKernels

/// Scaled dot-product attention of a batch of sequences; a part is one head of one sequence.
struct AttentionJob: ParallelJob {
    /// (sequences, length, D)
    let out: UnsafeMutablePointer<Float>
    /// (sequences, length, 3D)
    let projected: UnsafePointer<Float>
    let width: Int
    let heads: Int
    /// Rows of a sequence.
    let length: Int
    let pattern: AttentionPattern
    let scratch: AttentionScratch

    func run(part: Int, worker: Int) {
        let (sequence, head) = (part / heads, part % heads)
        let column = head * Int(CKERNELS_HEAD)
        let transposed = scratch.transposed(worker: worker)
        let keys = projected + sequence * length * 3 * width + width + column
        ckernels_transpose_keys(transposed, scratch.stride, keys, 3 * width, length)
        var task = ckernels_attention()
        task.out_stride = width
        task.query_stride = 3 * width
        task.transposed = UnsafePointer(transposed)
        task.transposed_stride = scratch.stride
        task.keys = keys
        task.key_stride = 3 * width
        task.values = keys + width
        task.value_stride = 3 * width
        task.scale = 0.125
        task.scores = scratch.scores(worker: worker)
        task.score_stride = scratch.stride
        task.own_step = 1
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
            ckernels_attend(&task)
        }
    }
}
