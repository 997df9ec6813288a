#if OneDNN
    import COneDNN

    extension CPUBackend {
        /// Whether oneDNN computes in bfloat16 with this processor's own instructions.
        static var hasOneDNNHalves: Bool { cdnnl_has_bfloat16() != 0 }

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
    }
#endif
