#if OneDNN
    import COneDNN
#endif

extension CPUBackend {
    /// Float32 on oneDNN where that packs weights for this processor, else on OpenBLAS.
    ///
    /// Measured with AVX2 on one core, oneDNN against OpenBLAS, GFLOP/s: 95 to 72 at 50 rows by 768 by 768, 89 to 59 at 50 by
    /// 3072 by 768, 93 to 84 at 400 by 3072 by 768. Unpacked, oneDNN has no such lead, and its sums depend on the number of rows.
    package static func float32(pool: WorkerPool) throws(RecognizerError) -> CPUBackend {
        #if OneDNN
            if let factory = try OneDNN.packing(.float32, workers: pool.workers) {
                return CPUBackend(factory: factory, pool: pool)
            }
        #endif
        return openBLAS(pool: pool)
    }

    /// `bf16` or `int8`.
    ///
    /// - Parameter floatLayers: for `int8`, the names of layers that stay in floating point.
    /// - Throws: `RecognizerError.precision` where the processor or the build has none of it.
    package static func oneDNN(
        _ precision: Precision, floatLayers: [String] = [], pool: WorkerPool
    ) throws(RecognizerError) -> CPUBackend {
        #if OneDNN
            guard precision == .int8 || hasBFloat16 else {
                throw .precision(
                    precision,
                    reason: "this processor has \(processor), and bfloat16 needs AVX512_BF16 or AMX; "
                        + "f32 and int8 work here, and auto chooses")
            }
            let rest = hasBFloat16 ? OneDNNType.bfloat16 : .float32
            guard let float = try OneDNN.packing(rest, workers: pool.workers) else {
                throw .precision(precision, reason: "oneDNN has no fast products for this processor, \(processor)")
            }
            let text = hasBFloat16 ? Precision.bf16 : nil
            guard precision == .int8 else {
                return CPUBackend(factory: float, textPrecision: text, pool: pool)
            }
            guard let bytes = float.quantising(except: floatLayers) else {
                throw .precision(precision, reason: "oneDNN has no products of bytes for this processor, \(processor)")
            }
            return CPUBackend(factory: bytes, textFactory: float, textPrecision: text, pool: pool)
        #else
            throw .precision(precision, reason: "this claverd is built without oneDNN, it has f32 alone")
        #endif
    }

    /// Whether oneDNN is linked and computes in bfloat16 with this processor's own instructions.
    package static var hasBFloat16: Bool {
        #if OneDNN
            cdnnl_has_bfloat16() != 0
        #else
            false
        #endif
    }

    #if OneDNN
        /// The instructions that oneDNN uses here.
        static var processor: String {
            let known: [(dnnl_cpu_isa_t, String)] = [
                (dnnl_cpu_isa_avx512_core_amx, "AMX"), (dnnl_cpu_isa_avx512_core_bf16, "AVX512_BF16"),
                (dnnl_cpu_isa_avx512_core_vnni, "AVX512_VNNI"), (dnnl_cpu_isa_avx512_core, "AVX-512"),
                (dnnl_cpu_isa_avx2_vnni, "AVX_VNNI"), (dnnl_cpu_isa_avx2, "AVX2"), (dnnl_cpu_isa_avx, "AVX"),
                (dnnl_cpu_isa_sse41, "SSE4.1"),
            ]
            let isa = dnnl_get_effective_cpu_isa().rawValue
            return known.first { isa & $0.0.rawValue == $0.0.rawValue }?.1 ?? "no vector instructions that oneDNN knows"
        }
    #endif
}
