import CKernels

/// Memory that all layers of a model share while one of them works, and the threads that they work with.
final class TrainingWorkspace {
    let pool: WorkerPool
    let kernels: ckernels_training_functions
    let sums: WeightGradientSum
    /// Rows of a part at most.
    private let partRows: Int
    private let packing = WeightPacking()
    private let scratch: PagedFloats
    private let perWorker: Int
    /// What the products make of their rows.
    private let tiles: PagedFloats
    private let tilesPerWorker: Int
    /// (chunks, 2, width): gradients of a norm from each part of the rows.
    private let normParts: FloatBuffer
    let attention: TrainedAttentionScratch

    /// - Parameters:
    ///   - width: of the widest layer's hidden rows.
    ///   - rows: of the largest batch.
    ///   - depth: inputs of the widest layer besides.
    ///   - sequence: keys of the longest sequence.
    /// - Throws: `RecognizerError.precision` for other precisions than float32 and bfloat16, and where the processor has no
    ///   products of bfloat16.
    init(
        pool: WorkerPool, precision: Precision, width: Int, rows: Int, depth: Int = 0, sequence: Int
    ) throws(RecognizerError) {
        MatrixProduct.prepare()
        self.pool = pool
        kernels = try Self.kernels(precision)
        partRows = kernels.part_rows
        sums = WeightGradientSum(kernels, workers: pool.workers)
        perWorker = (partRows * width + 15) / 16 * 16
        scratch = PagedFloats(count: perWorker * pool.workers)
        let deepest = max(width, depth)
        let steps = precision == .bf16 ? deepest : min(deepest, Int(CKERNELS_PRODUCT_DEPTH))
        tilesPerWorker = ((partRows + 5) * (steps + 15) + 15) / 16 * 16
        tiles = PagedFloats(count: tilesPerWorker * pool.workers)
        normParts = FloatBuffer(count: (RowChunks(rows: rows, most: partRows).count + 8) * 2 * width)
        attention = TrainedAttentionScratch(sequence: sequence, workers: pool.workers)
    }

    /// The panel of the blocks' matrices with which the backward reads them as they stand; nil where it packs them anyhow, as for
    /// bfloat16.
    var weightPanel: Int? { kernels.steps == 1 ? kernels.panel : nil }

    /// Memory of one worker for one part: (partRows, width).
    func scratch(worker: Int) -> UnsafeMutablePointer<Float> { scratch.pointer + worker * perWorker }

    /// Memory of one worker for what a product makes of up to `partRows` rows.
    func tiles(worker: Int) -> UnsafeMutablePointer<Float> { tiles.pointer + worker * tilesPerWorker }

    /// - Throws: as the initialiser.
    static func kernels(_ precision: Precision) throws(RecognizerError) -> ckernels_training_functions {
        switch precision {
        case .f32:
            guard let functions = ckernels_training() else { preconditionFailure("portable kernels are always there") }
            return functions.pointee
        case .bf16:
            guard let functions = ckernels_training_bf16() else {
                throw .precision(.bf16, reason: "training in it needs a processor with AVX512_BF16; f32 works here")
            }
            return functions.pointee
        case .auto, .int8: throw .precision(precision, reason: "training has f32 and bf16")
        }
    }

    /// Packs the weights of layers that are used next; what was packed before is gone.
    func pack(_ layers: [AffineLayer], _ direction: PackedLayer.Direction) -> [PackedLayer] {
        packing.pack(layers, direction, pool, kernels)
    }

    /// Runs `body` for each part of `rows` rows.
    func eachChunk(of rows: Int, _ body: (_ rows: Range<Int>, _ worker: Int) -> Void) {
        let chunks = RowChunks(rows: rows, most: partRows)
        pool.forEach(parts: chunks.count) { part, worker in body(chunks[part], worker) }
    }

    /// As `eachChunk`, for a norm's backward: each part adds its gradients into a place of its own, and the places are summed in
    /// their order.
    func eachChunk(
        of rows: Int, summing norm: NormLayer,
        _ body: (_ rows: Range<Int>, _ worker: Int, _ gradients: NormLayer.PartGradients) -> Void
    ) {
        let chunks = RowChunks(rows: rows, most: partRows)
        let width = norm.width
        precondition(chunks.count * 2 * width <= normParts.count, "\(rows) rows of \(width)")
        pool.forEach(parts: chunks.count) { part, worker in
            let at = normParts.pointer + part * 2 * width
            at.update(repeating: 0, count: 2 * width)
            body(chunks[part], worker, NormLayer.PartGradients(weight: at, bias: at + width))
        }
        for part in 0..<chunks.count {
            let at = normParts.pointer + part * 2 * width
            if let gradient = norm.weight.gradient { kernels.add(gradient, at, width) }
            if let gradient = norm.bias.gradient { kernels.add(gradient, at + width, width) }
        }
    }
}
