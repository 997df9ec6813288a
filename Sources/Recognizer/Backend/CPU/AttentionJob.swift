import CKernels

/// Which keys each query of a sequence sees.
enum AttentionPattern {
    /// Every key: a frame's own tokens.
    case full
    /// Every key up to the query itself: a text.
    case causal
    /// The Kronecker mask over `frames` of `tokens` each: other frames (KMCT: earlier ones) and the query itself.
    case kronecker(KroneckerMask, frames: Int, tokens: Int)
}

/// Scaled dot-product attention of a batch of sequences; a part is one head of one sequence.
///
/// The mask is never a matrix: it is at most two ranges of keys and the query's own one.
struct AttentionJob: ParallelJob {
    /// (sequences, queriesPerSequence, heads*64)
    let out: UnsafeMutablePointer<Float>
    let outStride: Int
    let queries: UnsafePointer<Float>
    let queryStride: Int
    /// (sequences, length, heads*64), `keyStride` apart
    let keys: UnsafePointer<Float>
    let values: UnsafePointer<Float>
    let keyStride: Int
    let heads: Int
    /// Keys of a sequence.
    let length: Int
    /// Queries of a sequence: `length`, or one a frame (its class token).
    let queriesPerSequence: Int
    let pattern: AttentionPattern
    let scratch: AttentionScratch

    func parts(sequences: Int) -> Int { sequences * heads }

    func run(part: Int, worker: Int) {
        let (sequence, head) = (part / heads, part % heads)
        let column = head * Int(CKERNELS_HEAD)
        let transposed = scratch.transposed(worker: worker)
        let keys = keys + sequence * length * keyStride + column
        ckernels_transpose_keys(transposed, scratch.stride, keys, keyStride, length)
        var task = ckernels_attention()
        task.out_stride = outStride
        task.query_stride = queryStride
        task.transposed = UnsafePointer(transposed)
        task.transposed_stride = scratch.stride
        task.keys = keys
        task.key_stride = keyStride
        task.values = values + sequence * length * keyStride + column
        task.value_stride = keyStride
        task.scale = 0.125
        task.scores = scratch.scores(worker: worker)
        task.score_stride = scratch.stride
        task.own_first = -1
        let base = sequence * queriesPerSequence
        switch pattern {
        case .full:
            task.first_end = length
            attend(&task, queries: base..<base + queriesPerSequence, column: column) { _, _ in }
        case .causal:
            task.causal = 1
            attend(&task, queries: base..<base + queriesPerSequence, column: column) { task, row in
                task.causal_first = row - base
                task.first_end = min(row - base + scratch.rows, length)
            }
        case .kronecker(let mask, let frames, let tokens):
            let perFrame = queriesPerSequence / frames
            for frame in 0..<frames {
                task.first_end = frame * tokens
                task.second_begin = (frame + 1) * tokens
                task.second_end = mask == .kmt ? frames * tokens : task.second_begin
                task.own_step = 1
                let first = base + frame * perFrame
                attend(&task, queries: first..<first + perFrame, column: column) { task, row in
                    task.own_first = frame * tokens + row - first
                }
            }
        }
    }

    /// Runs a task over query rows, as many at a time as the scratch holds.
    @inline(__always)
    private func attend(
        _ task: inout ckernels_attention, queries range: Range<Int>, column: Int,
        place: (inout ckernels_attention, Int) -> Void
    ) {
        var row = range.lowerBound
        while row < range.upperBound {
            task.rows = min(scratch.rows, range.upperBound - row)
            task.queries = queries + row * queryStride + column
            task.out = out + row * outStride + column
            place(&task, row)
            ckernels_attend(&task)
            row += task.rows
        }
    }
}
