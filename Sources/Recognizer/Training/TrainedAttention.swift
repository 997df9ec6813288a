import CKernels

/// Scaled dot-product attention of a batch of sequences and its backward, which makes the probabilities again from the scores
/// and one number a row. A part is one head of one sequence.
struct TrainedAttention {
    let sequences: Int
    /// Keys of a sequence, and queries.
    let length: Int
    let heads: Int
    let visibility: ckernels_visibility
    /// Keys of a frame; 0 where there are no frames.
    let tokens: Int

    init(sequences: Int, length: Int, heads: Int, pattern: AttentionPattern) {
        self.sequences = sequences
        self.length = length
        self.heads = heads
        switch pattern {
        case .full: (visibility, tokens) = (CKERNELS_ALL, 0)
        case .causal: (visibility, tokens) = (CKERNELS_CAUSAL, 0)
        case .kronecker(.kmt, _, let count): (visibility, tokens) = (CKERNELS_OTHER_FRAMES, count)
        case .kronecker(.kmct, _, let count): (visibility, tokens) = (CKERNELS_EARLIER_FRAMES, count)
        }
    }

    /// Of a batch, sequence by sequence.
    private var rows: Int { sequences * length }

    /// Queries, keys and values, or their gradients.
    struct Projected {
        /// (rows, 3D)
        let pointer: UnsafeMutablePointer<Float>
        let layout: MatrixLayout

        /// From `row` on, the 64 columns of a head of queries; those of keys are `heads` further, those of values twice that.
        func head(_ head: Int, row: Int) -> UnsafeMutablePointer<Float> {
            pointer + head * layout.panel + row * layout.row
        }
    }

    /// - Parameters:
    ///   - out: (rows, D) in panels.
    ///   - statistics: (H, rows), for the backward.
    func forward(
        _ out: UnsafeMutablePointer<Float>, statistics: UnsafeMutablePointer<Float>, _ projected: Projected,
        _ work: TrainingWorkspace
    ) {
        work.pool.forEach(parts: sequences * heads) { part, worker in
            let (head, first) = (part / sequences, part % sequences * length)
            var task = makeTask(head, first, projected, work.attention, worker: worker)
            eachStretch(work.attention, &task) { task, row in
                let place = head * rows + first + row
                task.out = out + place * ModelGeometry.headWidth
                task.statistics = statistics + place
                work.kernels.attention_forward(&task)
            }
        }
    }

    /// - Parameters:
    ///   - dProjected: overwritten.
    ///   - dOut: (rows, D) in panels.
    ///   - out: of the forward, likewise `statistics`.
    func backward(
        _ dProjected: Projected, _ dOut: UnsafePointer<Float>, _ projected: Projected, out: UnsafeMutablePointer<Float>,
        statistics: UnsafeMutablePointer<Float>, _ work: TrainingWorkspace
    ) {
        let size = ModelGeometry.headWidth
        work.pool.forEach(parts: sequences * heads) { part, worker in
            let (head, first) = (part / sequences, part % sequences * length)
            var task = makeTask(head, first, projected, work.attention, worker: worker)
            let transposed = work.attention.transposedValues(worker: worker)
            ckernels_transpose_keys(transposed, work.attention.stride, task.values, task.key_stride, length)
            task.transposed_values = UnsafePointer(transposed)
            let (dKeys, dValues) = (
                dProjected.head(heads + head, row: first), dProjected.head(2 * heads + head, row: first)
            )
            task.d_keys = dKeys
            task.d_values = dValues
            task.d_key_stride = dProjected.layout.row
            task.d_query_stride = dProjected.layout.row
            // The first rows' part is written, the others' are added; keys that only these see begin from zero.
            for key in seen(rows: 0..<min(work.attention.rows, length))..<length {
                (dKeys + key * dProjected.layout.row).update(repeating: 0, count: size)
                (dValues + key * dProjected.layout.row).update(repeating: 0, count: size)
            }
            eachStretch(work.attention, &task) { task, row in
                let place = head * rows + first + row
                task.adds = row == 0 ? 0 : 1
                task.out = out + place * size
                task.d_out = dOut + place * size
                task.statistics = statistics + place
                task.d_queries = dProjected.head(head, row: first + row)
                work.kernels.attention_backward(&task)
            }
        }
    }

    /// One head of the sequence that begins with row `first`, all but its rows.
    private func makeTask(
        _ head: Int, _ first: Int, _ projected: Projected, _ scratch: TrainedAttentionScratch, worker: Int
    ) -> ckernels_trained_attention {
        var task = ckernels_trained_attention()
        task.queries = UnsafePointer(projected.head(head, row: first))
        task.query_stride = projected.layout.row
        task.keys = UnsafePointer(projected.head(heads + head, row: first))
        task.values = UnsafePointer(projected.head(2 * heads + head, row: first))
        task.key_stride = projected.layout.row
        let transposed = scratch.transposedKeys(worker: worker)
        ckernels_transpose_keys(transposed, scratch.stride, task.keys, task.key_stride, length)
        task.transposed_keys = UnsafePointer(transposed)
        task.transposed_stride = scratch.stride
        task.tokens = tokens
        task.visibility = visibility
        task.scale = 0.125
        task.scores = scratch.scores(worker: worker)
        task.d_scores = scratch.scoreGradients(worker: worker)
        task.score_stride = scratch.stride
        return task
    }

    /// Runs a task over its query rows, as many at a time as the scratch holds.
    private func eachStretch(
        _ scratch: TrainedAttentionScratch, _ task: inout ckernels_trained_attention,
        _ body: (inout ckernels_trained_attention, _ row: Int) -> Void
    ) {
        let first = task.queries
        for row in stride(from: 0, to: length, by: scratch.rows) {
            task.rows = min(scratch.rows, length - row)
            task.queries = first.map { $0 + row * task.query_stride }
            task.own_first = row
            task.seen = seen(rows: row..<row + task.rows)
            body(&task, row)
        }
    }

    /// Where the keys that any of these query rows sees end.
    private func seen(rows: Range<Int>) -> Int {
        let seesLater = visibility == CKERNELS_ALL || visibility == CKERNELS_OTHER_FRAMES
        return seesLater ? length : rows.upperBound
    }
}

/// Each worker's transposed keys and values, scores and their gradients.
struct TrainedAttentionScratch {
    /// Query rows of one task: scores and gradients take about half a megabyte at most, half of a core's second-level cache.
    let rows: Int
    /// Floats from one row to the next.
    let stride: Int
    private let memory: FloatBuffer
    private let perWorker: Int

    init(sequence: Int, workers: Int) {
        rows = min(max(65_536 / max(sequence, 1) / 6 * 6, 6), 96)
        stride = (sequence + Int(CKERNELS_SCORE_PADDING) + 15) / 16 * 16
        perWorker = 2 * (rows + Int(CKERNELS_HEAD)) * stride
        memory = FloatBuffer(count: perWorker * workers)
    }

    /// (64, stride)
    func transposedKeys(worker: Int) -> UnsafeMutablePointer<Float> { memory.pointer + worker * perWorker }

    /// (64, stride)
    func transposedValues(worker: Int) -> UnsafeMutablePointer<Float> {
        transposedKeys(worker: worker) + Int(CKERNELS_HEAD) * stride
    }

    /// (rows, stride)
    func scores(worker: Int) -> UnsafeMutablePointer<Float> {
        transposedKeys(worker: worker) + 2 * Int(CKERNELS_HEAD) * stride
    }

    /// (rows, stride)
    func scoreGradients(worker: Int) -> UnsafeMutablePointer<Float> { scores(worker: worker) + rows * stride }
}
