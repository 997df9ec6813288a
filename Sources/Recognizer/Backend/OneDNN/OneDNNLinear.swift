#if OneDNN
    import CKernels
    import COneDNN

    /// A layer in float32 or bfloat16; bias, QuickGELU and residual are part of the library's product.
    ///
    /// How many rows are computed together does not change a row's result: the library adds along a row in one order always.
    struct OneDNNLinear: Linear {
        /// Enough for full speed; more would leave workers idle at the end.
        private static let rowsAtOnce = 128

        let inputs: Int
        let outputs: Int
        private let engine: OneDNNEngine
        private let packing: OneDNNPacking
        private let weights: PackedBytes
        private let bias: Parameter?
        /// (rowsAtOnce, inputs) in bfloat16; none for float32.
        private let staging: OneDNNStaging?

        init(weights: PackedBytes, bias: Parameter?, packing: OneDNNPacking, engine: OneDNNEngine) {
            inputs = packing.shape.inputs
            outputs = packing.shape.outputs
            self.engine = engine
            self.packing = packing
            self.weights = weights
            self.bias = bias
            staging =
                packing.shape.kind.type == .float32
                ? nil : engine.staging(byteCount: 2 * Self.rowsAtOnce * packing.shape.inputs)
        }

        func forward(
            _ out: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, rows: Int, epilogue: LinearEpilogue,
            pool: WorkerPool
        ) {
            guard rows > 0 else { return }
            let split = RowSplit(rows: rows, workers: pool.workers, most: Self.rowsAtOnce)
            let job = RowsJob(
                layer: self, out: out, x: x, share: split.share, rest: split.rest, last: split.parts - 1,
                product: product(rows: split.share, epilogue), lastProduct: product(rows: split.rest, epilogue))
            pool.run(job, parts: split.parts)
        }

        private func product(rows: Int, _ epilogue: LinearEpilogue) -> OneDNNProduct {
            let shape = OneDNNProduct.Shape(
                packing: packing.shape, rows: rows, epilogue: epilogue, hasBias: bias != nil)
            do {
                return try engine.product(shape, packing)
            } catch {
                preconditionFailure("the same product with other rows was made before: \(error)")
            }
        }

        private struct RowsJob: ParallelJob {
            let layer: OneDNNLinear
            let out: UnsafeMutablePointer<Float>
            let x: UnsafePointer<Float>
            let share: Int
            let rest: Int
            let last: Int
            let product: OneDNNProduct
            let lastProduct: OneDNNProduct

            func run(part: Int, worker: Int) {
                let rows = part == last ? rest : share
                let from = x + part * share * layer.inputs
                var source = UnsafeRawPointer(from)
                if let staging = layer.staging {
                    let halves = staging.pointer(worker: worker)
                    ckernels_f32_to_bf16(
                        halves.assumingMemoryBound(to: UInt16.self), from, rows * layer.inputs)
                    source = UnsafeRawPointer(halves)
                }
                (part == last ? lastProduct : product).run(
                    out + part * share * layer.outputs, source, weights: layer.weights.pointer,
                    bias: layer.bias?.pointer, engine: layer.engine, worker: worker)
            }
        }
    }
#endif
