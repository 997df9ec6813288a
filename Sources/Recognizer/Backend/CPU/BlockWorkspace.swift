import CKernels

/// Scratch memory of transformer blocks, made once for the largest batch.
struct BlockWorkspace {
    /// Rows that pass through a block's row-wise layers at a time: enough for full speed of the products, and the hidden
    /// layer of a long window stays within the cache.
    static let rowsAtOnce = 512

    /// Room for (rowsAtOnce, D) of either type.
    private let normalised: FloatBuffer
    /// Room for (rows, 3D) of the attention's type, and for (rows, D) in float32.
    private let projected: FloatBuffer
    /// (rows, D) of the attention's type
    private let attended: FloatBuffer
    /// Room for (rowsAtOnce, 4D) of either type.
    private let hidden: FloatBuffer
    private let attention: Attention

    private enum Attention {
        case floats(AttentionScratch)
        case halves(HalfAttentionScratch)
    }

    init(rows: Int, width: Int, sequence: Int, attentionType: RowType, workers: Int) {
        let some = min(rows, Self.rowsAtOnce)
        normalised = FloatBuffer(count: some * width)
        hidden = FloatBuffer(count: some * 4 * width)
        switch attentionType {
        case .float32:
            projected = FloatBuffer(count: rows * 3 * width)
            attended = FloatBuffer(count: rows * width)
            attention = .floats(AttentionScratch(sequence: sequence, workers: workers))
        case .bfloat16:
            projected = FloatBuffer(count: rows * 3 * width / 2)
            attended = FloatBuffer(count: rows * width / 2)
            attention = .halves(HalfAttentionScratch(sequence: sequence, workers: workers))
        }
    }

    private var attentionType: RowType {
        switch attention {
        case .floats: .float32
        case .halves: .bfloat16
        }
    }

    /// (rows, 3D): queries, keys and values of the rows.
    var projectedRows: Activations { Activations(projected.pointer, attentionType) }
    /// (rows, D): what attention makes of them.
    var attendedRows: Activations { Activations(attended.pointer, attentionType) }
    /// (rows, D) in float32, where the projected rows are not needed.
    var spareRows: UnsafeMutablePointer<Float> { projected.pointer }

    /// (rowsAtOnce, D), for a layer to read.
    func normalisedRows(for layer: any Linear) -> Activations { Activations(normalised.pointer, layer.rowType) }
    /// (rowsAtOnce, 4D), for a layer to read.
    func hiddenRows(for layer: any Linear) -> Activations { Activations(hidden.pointer, layer.rowType) }

    /// Attends from `projectedRows`, (sequences * length, 3D), to `attendedRows`, (sequences * length, D).
    func attend(sequences: Int, length: Int, width: Int, pattern: AttentionPattern, _ pool: WorkerPool) {
        let heads = width / ModelGeometry.headWidth
        switch attention {
        case .floats(let scratch):
            let job = AttentionJob(
                out: attendedRows.floats, projected: projectedRows.floats, width: width, heads: heads, length: length,
                pattern: pattern, scratch: scratch)
            pool.run(job, parts: sequences * heads)
        case .halves(let scratch):
            let job = HalfAttentionJob(
                out: attendedRows.halves, projected: projectedRows.halves, width: width, heads: heads, length: length,
                pattern: pattern, scratch: scratch)
            pool.run(job, parts: sequences * heads)
        }
    }

    /// Calls `body` for one stretch of at most `rowsAtOnce` rows after the other.
    static func eachRows(of rows: Int, _ body: (_ begin: Int, _ count: Int) -> Void) {
        for begin in stride(from: 0, to: rows, by: rowsAtOnce) { body(begin, min(rowsAtOnce, rows - begin)) }
    }
}

/// Each worker's transposed keys and scores.
struct AttentionScratch {
    /// Query rows of one task: their scores take about half a megabyte at most, half of a core's second-level cache.
    let rows: Int
    /// Floats from one row of transposed keys or scores to the next.
    let stride: Int
    private let memory: FloatBuffer
    private let perWorker: Int

    init(sequence: Int, workers: Int) {
        rows = min(max(131_072 / max(sequence, 1) / 6 * 6, 6), 96)
        stride = (sequence + 1 + Int(CKERNELS_SCORE_PADDING) + 15) / 16 * 16
        perWorker = (rows + Int(CKERNELS_HEAD)) * stride
        memory = FloatBuffer(count: perWorker * workers)
    }

    /// (64, stride)
    func transposed(worker: Int) -> UnsafeMutablePointer<Float> { memory.pointer + worker * perWorker }

    /// (rows, stride)
    func scores(worker: Int) -> UnsafeMutablePointer<Float> {
        transposed(worker: worker) + Int(CKERNELS_HEAD) * stride
    }
}
