import CKernels

extension CPUBackend {
    /// Float32 on our own products where the processor has AVX-512; else on oneDNN where that packs weights, or on OpenBLAS.
    ///
    /// Measured with AVX2 on one core, oneDNN against OpenBLAS, GFLOP/s: 95 to 72 at 50 rows by 768 by 768, 89 to 59 at 50 by
    /// 3072 by 768, 93 to 84 at 400 by 3072 by 768. Unpacked, oneDNN has no such lead, and its sums depend on the number of rows.
    package static func float32(pool: WorkerPool) throws(RecognizerError) -> CPUBackend {
        if let panels = Panels(.float32) { return CPUBackend(factory: panels, pool: pool) }
        #if OneDNN
            if let factory = try OneDNN.packing(.float32, workers: pool.workers) {
                return CPUBackend(factory: factory, pool: pool)
            }
        #endif
        return openBLAS(pool: pool)
    }

    /// `bf16` or `int8`, on our own products or on oneDNN: this where the processor has AMX, which ours do not use.
    ///
    /// - Parameter floatLayers: for `int8`, the names of layers that stay in floating point.
    /// - Throws: `RecognizerError.precision` where the processor or the build has none of it.
    package static func narrow(
        _ precision: Precision, floatLayers: [String] = [], pool: WorkerPool
    ) throws(RecognizerError) -> CPUBackend {
        let text = hasBFloat16 ? Precision.bf16 : nil
        guard precision == .int8 else {
            let factory = try halfProducts(workers: pool.workers)
            return CPUBackend(factory: factory, textPrecision: text, pool: pool)
        }
        if !hasAMX, let float = Panels(PanelType.bfloat16.runs ? .bfloat16 : .float32),
            let bytes = float.quantising(except: floatLayers)
        {
            return CPUBackend(factory: bytes, textFactory: float, textPrecision: text, pool: pool)
        }
        #if OneDNN
            guard let float = try OneDNN.packing(hasBFloat16 ? .bfloat16 : .float32, workers: pool.workers),
                let bytes = float.quantising(except: floatLayers)
            else {
                throw .precision(precision, reason: "oneDNN has no products of bytes for this processor, \(processor)")
            }
            return CPUBackend(factory: bytes, textFactory: float, textPrecision: text, pool: pool)
        #else
            throw .precision(
                precision,
                reason: "without AVX512_VNNI it needs oneDNN, and this claverd is built without it; f32 works here")
        #endif
    }

    private static func halfProducts(workers: Int) throws(RecognizerError) -> any LinearFactory {
        if !hasAMX, let panels = Panels(.bfloat16) { return panels }
        #if OneDNN
            if hasBFloat16, let factory = try OneDNN.packing(.bfloat16, workers: workers) { return factory }
            let processor = "this processor has \(processor)"
        #else
            let processor = "this processor has neither, or this claverd is built without oneDNN"
        #endif
        throw .precision(
            .bf16, reason: "\(processor), and bfloat16 needs AVX512_BF16 or AMX; f32 works here, and auto chooses")
    }

    /// Whether products of bfloat16 run with this processor's own instructions.
    package static var hasBFloat16: Bool {
        #if OneDNN
            if hasOneDNNHalves { return true }
        #endif
        return PanelType.bfloat16.runs
    }

    /// Whether bfloat16 also takes less time than float32 here: with AMX, or with AVX512_BF16 of another maker than Intel.
    package static var gainsFromBFloat16: Bool {
        hasBFloat16 && (hasAMX || ckernels_half_gains() != 0)
    }

    private static var hasAMX: Bool {
        #if OneDNN
            processor == "AMX"
        #else
            false
        #endif
    }
}
