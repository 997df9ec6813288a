#if OneDNN
    import CKernels
    import COneDNN

    /// A layer in float32 or bfloat16; bias and residual are part of the library's product. QuickGELU is not: the library's takes
    /// six times as long as ours (measured on 100 rows of 3072 in bfloat16: 280 to 46 microseconds).
    ///
    /// How many rows are computed together does not change a row's result: the library adds along a row in one order always.
    struct OneDNNLinear: Linear {
        /// Enough for full speed; more would leave workers idle at the end.
        private static let rowsAtOnce = 128

        let inputs: Int
        let outputs: Int
        let rowType: RowType
        private let engine: OneDNNEngine
        private let packing: OneDNNPacking
        private let weights: PackedBytes
        private let bias: Parameter?
        /// (rowsAtOnce, inputs) in bfloat16; none for float32.
        private let staging: OneDNNStaging?

        init(weights: PackedBytes, bias: Parameter?, packing: OneDNNPacking, engine: OneDNNEngine) {
            inputs = packing.shape.inputs
            outputs = packing.shape.outputs
            rowType = packing.shape.kind.type == .float32 ? .float32 : .bfloat16
            self.engine = engine
            self.packing = packing
            self.weights = weights
            self.bias = bias
            staging =
                rowType == .float32
                ? nil : engine.staging(byteCount: 2 * Self.rowsAtOnce * packing.shape.inputs)
        }

        func forward(_ out: Activations, _ x: Activations, rows: Int, epilogue: LinearEpilogue, pool: WorkerPool) {
            guard rows > 0 else { return }
            let split = RowSplit(rows: rows, workers: pool.workers, most: Self.rowsAtOnce)
            let adds = epilogue == .accumulate
            let job = RowsJob(
                layer: self, out: out, x: x, share: split.share, rest: split.rest, last: split.parts - 1,
                product: product(rows: split.share, adds: adds, out.type),
                lastProduct: product(rows: split.rest, adds: adds, out.type), bends: epilogue == .quickGELU)
            pool.run(job, parts: split.parts)
        }

        private func product(rows: Int, adds: Bool, _ result: RowType) -> OneDNNProduct {
            let shape = OneDNNProduct.Shape(
                packing: packing.shape, rows: rows, adds: adds, hasBias: bias != nil, result: result)
            do {
                return try engine.product(shape, packing)
            } catch {
                preconditionFailure("the same product with other rows was made before: \(error)")
            }
        }

        private struct RowsJob: ParallelJob {
            let layer: OneDNNLinear
            let out: Activations
            let x: Activations
            let share: Int
            let rest: Int
            let last: Int
            let product: OneDNNProduct
            let lastProduct: OneDNNProduct
            /// Whether QuickGELU is applied.
            let bends: Bool

            func run(part: Int, worker: Int) {
                let rows = part == last ? rest : share
                var source = x + part * share * layer.inputs
                if source.type != layer.rowType, let staging = layer.staging {
                    let halves = Activations(staging.pointer(worker: worker), .bfloat16)
                    ckernels_half_rows(halves.halves, source.floats, rows * layer.inputs)
                    source = halves
                }
                let result = out + part * share * layer.outputs
                (part == last ? lastProduct : product).run(
                    result.base, source.base, weights: layer.weights.pointer, bias: layer.bias?.pointer,
                    engine: layer.engine, worker: worker)
                guard bends else { return }
                let outputs = layer.outputs
                switch result.type {
                case .float32: ckernels_quick_gelu(result.floats, outputs, rows, outputs)
                case .bfloat16: ckernels_half_quick_gelu(result.halves, outputs, rows, outputs)
                }
            }
        }
    }
#endif
