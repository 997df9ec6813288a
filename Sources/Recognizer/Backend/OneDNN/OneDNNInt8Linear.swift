#if OneDNN
    import CKernels
    import COneDNN

    /// A layer in bytes: weights with a scale for each output, rows with a scale and a zero of their own, found anew for each row.
    ///
    /// The sums are whole numbers, so neither the processor nor the number of rows or threads changes a result.
    struct OneDNNInt8Linear: Linear {
        /// The sums of so many rows stay in a core's cache until they are turned back into numbers.
        private static let rowsAtOnce = 40

        let inputs: Int
        let outputs: Int
        private let engine: OneDNNEngine
        private let packing: OneDNNPacking
        private let weights: PackedBytes
        private let bias: Parameter?
        private let staging: OneDNNStaging

        /// - Parameter weights: as `packed` makes them.
        init(weights: PackedBytes, bias: Parameter?, packing: OneDNNPacking, engine: OneDNNEngine) {
            inputs = packing.shape.inputs
            outputs = packing.shape.outputs
            self.engine = engine
            self.packing = packing
            self.weights = weights
            self.bias = bias
            let rows = Self.rowsAtOnce
            let longest = max(packing.shape.inputs, packing.shape.outputs)
            staging = engine.staging(
                byteCount: Self.roundedUp(rows * (4 * packing.shape.outputs + 8)) + rows * packing.shape.inputs
                    + 4 * longest + 128)
        }

        /// Bytes of a layer: the packed weights, the outputs' scales, their sums.
        static func byteCount(_ packing: OneDNNPacking) -> Int {
            roundedUp(packing.byteCount) + 8 * packing.shape.outputs
        }

        private static func roundedUp(_ count: Int) -> Int { (count + 63) / 64 * 64 }

        static func pack(
            _ weight: Parameter, _ packing: OneDNNPacking, _ engine: OneDNNEngine
        ) throws(RecognizerError) -> PackedBytes {
            let (inputs, outputs) = (packing.shape.inputs, packing.shape.outputs)
            let memory = AlignedBytes(byteCount: byteCount(packing))
            let scales = memory.base + roundedUp(packing.byteCount)
            let plain = AlignedBytes(byteCount: inputs * outputs)
            ckernels_quantise_weights(
                plain.base.assumingMemoryBound(to: Int8.self), scales.assumingMemoryBound(to: Float.self),
                (scales + 4 * outputs).assumingMemoryBound(to: Int32.self), weight.pointer, outputs, inputs)
            defer { withExtendedLifetime(plain) {} }
            try packing.pack(memory.base, plain.base, engine)
            return PackedBytes(memory)
        }

        func forward(_ out: Activations, _ x: Activations, rows: Int, epilogue: LinearEpilogue, pool: WorkerPool) {
            guard rows > 0 else { return }
            let split = RowSplit(rows: rows, workers: pool.workers, most: Self.rowsAtOnce)
            let finish =
                switch epilogue {
                case .store: CKERNELS_FINISH_STORE
                case .quickGELU: CKERNELS_FINISH_QUICK_GELU
                case .accumulate: CKERNELS_FINISH_ACCUMULATE
                }
            let job = RowsJob(
                layer: self, out: out, x: x, share: split.share, rest: split.rest, last: split.parts - 1,
                product: product(rows: split.share), lastProduct: product(rows: split.rest), finish: finish)
            pool.run(job, parts: split.parts)
        }

        private func product(rows: Int) -> OneDNNProduct {
            do {
                return try engine.product(
                    .init(packing: packing.shape, rows: rows, adds: false, hasBias: false), packing)
            } catch {
                preconditionFailure("the same product with other rows was made before: \(error)")
            }
        }

        private struct RowsJob: ParallelJob {
            let layer: OneDNNInt8Linear
            let out: Activations
            let x: Activations
            let share: Int
            let rest: Int
            let last: Int
            let product: OneDNNProduct
            let lastProduct: OneDNNProduct
            let finish: ckernels_finish

            func run(part: Int, worker: Int) {
                let rows = part == last ? rest : share
                let (inputs, outputs) = (layer.inputs, layer.outputs)
                // Sums, then the rows' scales and zeros, then the rows as bytes, then one row as numbers.
                let memory = layer.staging.pointer(worker: worker)
                let sums = memory.assumingMemoryBound(to: Int32.self)
                let scales = (memory + 4 * rows * outputs).assumingMemoryBound(to: Float.self)
                let zeros = (memory + 4 * rows * (outputs + 1)).assumingMemoryBound(to: Int32.self)
                let bytes = (memory + OneDNNInt8Linear.roundedUp(4 * rows * (outputs + 2)))
                    .assumingMemoryBound(to: UInt8.self)
                let row = UnsafeMutableRawPointer(bytes + OneDNNInt8Linear.roundedUp(rows * inputs))
                    .assumingMemoryBound(to: Float.self)
                quantise(x + part * share * inputs, rows, bytes, scales, zeros, row)
                let weights = layer.weights.pointer
                (part == last ? lastProduct : product).run(
                    sums, bytes, weights: weights, bias: nil, engine: layer.engine, worker: worker)
                let weightScales = weights + OneDNNInt8Linear.roundedUp(layer.packing.byteCount)
                var by = ckernels_quantised()
                by.row_scales = UnsafePointer(scales)
                by.row_zeros = UnsafePointer(zeros)
                by.weight_scales = weightScales.assumingMemoryBound(to: Float.self)
                by.weight_sums = (weightScales + 4 * outputs).assumingMemoryBound(to: Int32.self)
                by.bias = layer.bias?.pointer
                finishSums(out + part * share * outputs, sums, &by, rows, row)
            }

            private func quantise(
                _ x: Activations, _ rows: Int, _ bytes: UnsafeMutablePointer<UInt8>,
                _ scales: UnsafeMutablePointer<Float>, _ zeros: UnsafeMutablePointer<Int32>,
                _ row: UnsafeMutablePointer<Float>
            ) {
                let inputs = layer.inputs
                guard x.type == .bfloat16 else {
                    ckernels_quantise_rows(bytes, scales, zeros, x.floats, rows, inputs)
                    return
                }
                for index in 0..<rows {
                    ckernels_bf16_to_f32(row, (x + index * inputs).base, inputs)
                    ckernels_quantise_rows(bytes + index * inputs, scales + index, zeros + index, row, 1, inputs)
                }
            }

            private func finishSums(
                _ out: Activations, _ sums: UnsafePointer<Int32>, _ by: inout ckernels_quantised, _ rows: Int,
                _ row: UnsafeMutablePointer<Float>
            ) {
                let outputs = layer.outputs
                guard out.type == .bfloat16 else {
                    ckernels_finish_sums(out.floats, sums, &by, rows, outputs, finish)
                    return
                }
                for index in 0..<rows {
                    ckernels_finish_sums(row, sums + index * outputs, &by, 1, outputs, finish)
                    ckernels_half_rows((out + index * outputs).halves, row, outputs)
                    by.row_scales += 1
                    by.row_zeros += 1
                }
            }
        }
    }
#endif
