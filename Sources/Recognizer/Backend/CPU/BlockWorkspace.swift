import CKernels

/// Scratch memory of transformer blocks, made once for the largest batch.
struct BlockWorkspace {
    /// Rows that pass through a block's row-wise layers at a time: enough for full speed of the products, and the hidden
    /// layer of a long window stays within the cache.
    static let rowsAtOnce = 512

    /// (rowsAtOnce, D)
    let normalised: FloatBuffer
    /// (rows, 3D)
    let projected: FloatBuffer
    /// (rows, D)
    let attended: FloatBuffer
    /// (rowsAtOnce, 4D)
    let hidden: FloatBuffer
    let attention: AttentionScratch

    init(rows: Int, width: Int, sequence: Int, workers: Int) {
        let some = min(rows, Self.rowsAtOnce)
        normalised = FloatBuffer(count: some * width)
        projected = FloatBuffer(count: rows * 3 * width)
        attended = FloatBuffer(count: rows * width)
        hidden = FloatBuffer(count: some * 4 * width)
        attention = AttentionScratch(sequence: sequence, workers: workers)
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
