import CKernels

/// A layer on our own products; bias, QuickGELU and residual are applied to a tile's sums before they leave the registers' cache.
///
/// Neither how many rows are computed together nor how they are shared out changes a result.
struct PanelLinear: Linear {
    /// Rows in another type wait in staging memory of so many.
    static let rowsAtOnce = 512
    /// Rows of a part: with a panel of weights they stay in a core's second-level cache.
    private static let rowsOfPart = 104
    /// Parts for each worker, so that one that comes late has little left to do.
    private static let partsPerWorker = 4

    private let weights: PanelWeights
    private let bias: Parameter?
    private let staging: PanelStaging

    init(weights: PanelWeights, bias: Parameter?, rowType: RowType, staging: PanelStaging) {
        self.weights = weights
        self.rowType = rowType
        self.bias = bias
        self.staging = staging
    }

    private var type: PanelType { weights.shape.type }
    var inputs: Int { weights.shape.inputs }
    var outputs: Int { weights.shape.outputs }
    /// Rows become bytes with a scale of each row's own, so no other layer can write them; halves on their way there lose nothing that
    /// bytes would keep.
    let rowType: RowType

    func forward(_ out: Activations, _ x: Activations, rows: Int, epilogue: LinearEpilogue, pool: WorkerPool) {
        for begin in stride(from: 0, to: rows, by: Self.rowsAtOnce) {
            let count = min(Self.rowsAtOnce, rows - begin)
            forwardSome(out + begin * outputs, x + begin * inputs, rows: count, epilogue: epilogue, pool: pool)
        }
    }

    private func forwardSome(
        _ out: Activations, _ x: Activations, rows: Int, epilogue: LinearEpilogue, pool: WorkerPool
    ) {
        var task = ckernels_product()
        task.out_stride = outputs
        task.out_is_half = out.type == .bfloat16 ? 1 : 0
        task.words = weights.shape.words
        task.x_stride = weights.shape.words
        task.finish =
            switch epilogue {
            case .store: CKERNELS_FINISH_STORE
            case .quickGELU: CKERNELS_FINISH_QUICK_GELU
            case .accumulate: CKERNELS_FINISH_ACCUMULATE
            }
        task.x = UnsafePointer(x.base.assumingMemoryBound(to: UInt32.self))
        if type == .int8 || x.type != rowType || weights.shape.needsOtherRows {
            let job = ConversionJob(layer: self, x: x, rows: rows)
            pool.run(job, parts: job.parts)
            task.x = UnsafePointer(staging.words)
            task.x_stride = weights.shape.stagedWords
            task.quantised.row_scales = UnsafePointer(staging.rowScales)
            task.quantised.row_zeros = UnsafePointer(staging.rowZeros(rows: Self.rowsAtOnce))
        }
        let job = ProductJob(layer: self, task: task, out: out, rows: rows, workers: pool.workers)
        pool.run(job, parts: job.parts)
    }

    /// A part is some rows and some panels.
    private struct ProductJob: ParallelJob {
        private let layer: PanelLinear
        /// All but what depends on the part.
        private let task: ckernels_product
        private let out: Activations
        private let rows: Int
        private let rowsOfBlock: Int
        private let blocks: Int
        /// Outputs of a share, a multiple of a panel's.
        private let outputsOfShare: Int

        init(layer: PanelLinear, task: ckernels_product, out: Activations, rows: Int, workers: Int) {
            self.layer = layer
            self.task = task
            self.out = out
            self.rows = rows
            blocks = (rows + PanelLinear.rowsOfPart - 1) / PanelLinear.rowsOfPart
            rowsOfBlock = (rows + blocks - 1) / blocks
            let panel = Int(CKERNELS_PRODUCT_PANEL)
            let shares = (workers * PanelLinear.partsPerWorker + blocks - 1) / blocks
            let panels = (layer.outputs + panel - 1) / panel
            outputsOfShare = (panels + shares - 1) / shares * panel
        }

        /// One block of rows after the other for each share, so that the share's weights are near from the second on.
        var parts: Int { (layer.outputs + outputsOfShare - 1) / outputsOfShare * blocks }

        func run(part: Int, worker: Int) {
            let (row, output) = (part % blocks * rowsOfBlock, part / blocks * outputsOfShare)
            var task = task
            task.rows = min(rowsOfBlock, rows - row)
            task.columns = min(outputsOfShare, layer.outputs - output)
            task.out = (out + (row * layer.outputs + output)).base
            task.x += row * task.x_stride
            task.packed = layer.weights.panels(from: output)
            task.bias = layer.bias.map { $0.pointer + output }
            if layer.type == .int8 {
                task.quantised.row_scales += row
                task.quantised.row_zeros += row
                task.quantised.weight_scales = layer.weights.scales + output
                task.quantised.weight_sums = layer.weights.sums + output
            }
            ckernels_product_multiply(layer.type.product, &task)
        }
    }

    /// Rows in the layer's own type, in staging memory; a part is a few rows.
    private struct ConversionJob: ParallelJob {
        private static let rowsOfPart = 8
        let layer: PanelLinear
        let x: Activations
        let rows: Int

        var parts: Int { (rows + Self.rowsOfPart - 1) / Self.rowsOfPart }

        func run(part: Int, worker: Int) {
            for row in part * Self.rowsOfPart..<min((part + 1) * Self.rowsOfPart, rows) { convert(row) }
        }

        private func convert(_ row: Int) {
            let (staging, inputs, shape) = (layer.staging, layer.inputs, layer.weights.shape)
            let from = x + row * inputs
            let words = staging.words + row * shape.stagedWords
            let to = UnsafeMutableRawPointer(words)
            // The last word may not be full.
            words[shape.words - 1] = 0
            switch (layer.type, from.type) {
            case (.float32, _), (.bfloat16, .bfloat16):
                to.copyMemory(from: from.base, byteCount: inputs * from.type.byteCount)
            case (.bfloat16, .float32):
                ckernels_half_rows(to.assumingMemoryBound(to: UInt16.self), from.floats, inputs)
            case (.int8, _):
                let bytes = to.assumingMemoryBound(to: UInt8.self)
                let scale = staging.rowScales + row
                let zero = staging.rowZeros(rows: PanelLinear.rowsAtOnce) + row
                switch from.type {
                case .float32: ckernels_quantise_rows(bytes, scale, zero, from.floats, 1, inputs)
                case .bfloat16: ckernels_half_quantise_row(bytes, scale, zero, from.halves, inputs)
                }
            }
        }
    }
}
