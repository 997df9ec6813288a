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
    /// (sequences, length, D)
    private let out: UnsafeMutablePointer<Float>
    /// (sequences, length, 3D)
    private let projected: UnsafePointer<Float>
    private let width: Int
    private let heads: Int
    /// Rows of a sequence.
    private let length: Int
    private let pattern: AttentionPattern
    private let scratch: AttentionScratch

    /// Attends from `work.projected`, (sequences * length, 3D) with queries, keys and values side by side, to
    /// `work.attended`, (sequences * length, D).
    static func run(
        sequences: Int, length: Int, width: Int, pattern: AttentionPattern, _ work: BlockWorkspace, _ pool: WorkerPool
    ) {
        let heads = width / ModelGeometry.headWidth
        let job = AttentionJob(
            out: work.attended.pointer, projected: work.projected.pointer, width: width, heads: heads, length: length,
            pattern: pattern, scratch: work.attention)
        pool.run(job, parts: sequences * heads)
    }

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
        task.own_first = -1
        let base = sequence * length
        switch pattern {
        case .full:
            task.first_end = length
            attend(&task, queries: base..<base + length, column: column) { _, _ in }
        case .causal:
            task.causal = 1
            attend(&task, queries: base..<base + length, column: column) { task, row in
                task.causal_first = row - base
                task.first_end = min(row - base + scratch.rows, length)
            }
        case .kronecker(let mask, let frames, let tokens):
            for frame in 0..<frames {
                task.first_end = frame * tokens
                task.second_begin = (frame + 1) * tokens
                task.second_end = mask == .kmt ? frames * tokens : task.second_begin
                task.own_step = 1
                let first = base + frame * tokens
                attend(&task, queries: first..<first + tokens, column: column) { task, row in
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
            task.queries = projected + row * 3 * width + column
            task.out = out + row * width + column
            place(&task, row)
            ckernels_attend(&task)
            row += task.rows
        }
    }
}
