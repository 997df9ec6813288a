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

    private var width: Int { heads * ModelGeometry.headWidth }

    /// Rows of width D, `stride` floats apart.
    struct Rows {
        let pointer: UnsafeMutablePointer<Float>
        let stride: Int
    }

    /// What the forward reads and the backward reads again.
    struct Inputs {
        /// (sequences * length, D)
        let queries: Rows
        /// (sequences * length, D) each, the same stride.
        let keys: Rows
        let values: Rows
    }

    /// - Parameters:
    ///   - out: (sequences * length, D)
    ///   - statistics: (sequences * length, H), for the backward.
    func forward(
        _ out: UnsafeMutablePointer<Float>, statistics: UnsafeMutablePointer<Float>, _ inputs: Inputs,
        _ work: TrainingWorkspace
    ) {
        work.pool.forEach(parts: sequences * heads) { part, worker in
            let (sequence, head) = (part / heads, part % heads)
            var task = makeTask(sequence, head, inputs, work.attention, worker: worker)
            let first = sequence * length
            eachStretch(work.attention, &task) { task, row in
                task.out = out + (first + row) * width + head * ModelGeometry.headWidth
                task.statistics = statistics + (first + row) * heads + head
                work.kernels.attention_forward(&task)
            }
        }
    }

    /// - Parameters:
    ///   - dInputs: gradients of `inputs`, overwritten.
    ///   - dOut: (sequences * length, D)
    ///   - out: of the forward, likewise `statistics`.
    func backward(
        _ dInputs: Inputs, _ dOut: UnsafePointer<Float>, _ inputs: Inputs, out: UnsafeMutablePointer<Float>,
        statistics: UnsafeMutablePointer<Float>, _ work: TrainingWorkspace
    ) {
        let size = ModelGeometry.headWidth
        work.pool.forEach(parts: sequences * heads) { part, worker in
            let (sequence, head) = (part / heads, part % heads)
            var task = makeTask(sequence, head, inputs, work.attention, worker: worker)
            let transposed = work.attention.transposedValues(worker: worker)
            ckernels_transpose_keys(transposed, work.attention.stride, task.values, task.key_stride, length)
            task.transposed_values = UnsafePointer(transposed)
            let keyOffset = sequence * length * dInputs.keys.stride + head * size
            task.d_keys = dInputs.keys.pointer + keyOffset
            task.d_values = dInputs.values.pointer + keyOffset
            task.d_key_stride = dInputs.keys.stride
            // The first rows' part is written, the others' are added; keys that only these see begin from zero.
            for key in seen(rows: 0..<min(work.attention.rows, length))..<length {
                (task.d_keys + key * dInputs.keys.stride).update(repeating: 0, count: size)
                (task.d_values + key * dInputs.values.stride).update(repeating: 0, count: size)
            }
            let first = sequence * length
            task.d_query_stride = dInputs.queries.stride
            eachStretch(work.attention, &task) { task, row in
                let offset = (first + row) * width + head * size
                task.adds = row == 0 ? 0 : 1
                task.out = out + offset
                task.d_out = dOut + offset
                task.statistics = statistics + (first + row) * heads + head
                task.d_queries = dInputs.queries.pointer + (first + row) * dInputs.queries.stride + head * size
                work.kernels.attention_backward(&task)
            }
        }
    }

    /// One head of one sequence, all but its rows.
    private func makeTask(
        _ sequence: Int, _ head: Int, _ inputs: Inputs, _ scratch: TrainedAttentionScratch, worker: Int
    ) -> ckernels_trained_attention {
        let size = ModelGeometry.headWidth
        var task = ckernels_trained_attention()
        task.out_stride = width
        task.statistics_stride = heads
        task.queries = UnsafePointer(
            inputs.queries.pointer + sequence * length * inputs.queries.stride + head * size)
        task.query_stride = inputs.queries.stride
        task.keys = UnsafePointer(inputs.keys.pointer + sequence * length * inputs.keys.stride + head * size)
        task.values = UnsafePointer(inputs.values.pointer + sequence * length * inputs.values.stride + head * size)
        task.key_stride = inputs.keys.stride
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
