#if OneDNN
    import CKernels
    import COneDNN

    /// A layer in float32 or bfloat16; bias and residual are part of the library's product. QuickGELU is not: the library's takes
    /// six times as long as ours (measured on 100 rows of 3072 in bfloat16: 280 to 46 microseconds).
    ///
    /// How many rows are computed together does not change a result: the library adds along a row in one order always. How many
    /// columns are does, in the last digit of the sum; so columns are divided in bfloat16 alone, whose rounding is coarser by far.
    struct OneDNNLinear: Linear {
        /// Enough for full speed; more would leave workers idle at the end.
        private static let rowsAtOnce = 128
        /// With fewer rows for each worker, they share out columns: 25 rows of a frame reach 80 % of what 50 do, and each would
        /// read all weights.
        private static let fewRows = 64

        let inputs: Int
        let outputs: Int
        let rowType: RowType
        private let engine: OneDNNEngine
        private let packing: OneDNNPacking
        /// Of the stretches of columns that workers share out when rows are few; nil where columns are not divided.
        private let stretch: OneDNNPacking?
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
            stretch = rowType == .float32 ? nil : Self.stretch(of: packing, engine)
            staging =
                rowType == .float32
                ? nil : engine.staging(byteCount: 2 * Self.rowsAtOnce * packing.shape.inputs)
        }

        /// As many stretches as there are workers, or a divisor of that.
        private static func stretch(of whole: OneDNNPacking, _ engine: OneDNNEngine) -> OneDNNPacking? {
            let block = 64
            var parts = engine.workers
            while parts > 1 {
                let columns = whole.shape.outputs / parts
                if engine.workers.isMultiple(of: parts), columns * parts == whole.shape.outputs,
                    columns.isMultiple(of: block),
                    let part = try? engine.packing(
                        .init(kind: whole.shape.kind, inputs: whole.shape.inputs, outputs: columns)),
                    part.isStretch(of: whole)
                {
                    return part
                }
                parts -= 1
            }
            return nil
        }

        func forward(_ out: Activations, _ x: Activations, rows: Int, epilogue: LinearEpilogue, pool: WorkerPool) {
            guard rows > 0 else { return }
            let part = rows < pool.workers * Self.fewRows ? stretch ?? packing : packing
            let stretches = outputs / part.shape.outputs
            let split = RowSplit(rows: rows, workers: max(1, pool.workers / stretches), most: Self.rowsAtOnce)
            func product(rows: Int) -> OneDNNProduct {
                self.product(part, rows: rows, adds: epilogue == .accumulate, out.type)
            }
            let job = Job(
                layer: self, out: out, x: x, split: split, columns: part.shape.outputs,
                product: product(rows: split.share), lastProduct: product(rows: split.rest),
                bends: epilogue == .quickGELU)
            pool.run(job, parts: split.parts * stretches)
        }

        private func product(
            _ packing: OneDNNPacking, rows: Int, adds: Bool, _ result: RowType
        ) -> OneDNNProduct {
            let shape = OneDNNProduct.Shape(
                packing: packing.shape, rows: rows, adds: adds, hasBias: bias != nil, result: result,
                resultStride: outputs)
            do {
                return try engine.product(shape, packing)
            } catch {
                preconditionFailure("the same product with other rows was made before: \(error)")
            }
        }

        /// A part is a stretch of columns of some rows.
        private struct Job: ParallelJob {
            let layer: OneDNNLinear
            let out: Activations
            let x: Activations
            let split: RowSplit
            let columns: Int
            let product: OneDNNProduct
            let lastProduct: OneDNNProduct
            /// Whether QuickGELU is applied.
            let bends: Bool

            func run(part: Int, worker: Int) {
                let (inputs, outputs) = (layer.inputs, layer.outputs)
                let rowPart = part % split.parts
                let column = part / split.parts * columns
                let rows = rowPart == split.parts - 1 ? split.rest : split.share
                var source = x + rowPart * split.share * inputs
                if source.type != layer.rowType, let staging = layer.staging {
                    let halves = Activations(staging.pointer(worker: worker), .bfloat16)
                    ckernels_half_rows(halves.halves, source.floats, rows * inputs)
                    source = halves
                }
                let result = out + (rowPart * split.share * outputs + column)
                (rowPart == split.parts - 1 ? lastProduct : product).run(
                    result.base, source.base,
                    weights: layer.weights.pointer + column * inputs * layer.packing.shape.kind.type.byteCount,
                    bias: layer.bias.map { $0.pointer + column }, engine: layer.engine, worker: worker)
                guard bends else { return }
                switch result.type {
                case .float32: ckernels_quick_gelu(result.floats, outputs, rows, columns)
                case .bfloat16: ckernels_half_quick_gelu(result.halves, outputs, rows, columns)
                }
            }
        }
    }
#endif
