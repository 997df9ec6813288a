/// What a user wants of the arithmetic; which backend that is depends on processor, build and model.
package struct BackendChoice: Sendable {
    package var precision: Precision
    package var pool: WorkerPool
    /// Where packed weights are kept from one start to the next.
    package var packedWeights: PackedWeightsCache?

    package init(precision: Precision = .auto, pool: WorkerPool, packedWeights: PackedWeightsCache? = nil) {
        self.precision = precision
        self.pool = pool
        self.packedWeights = packedWeights
    }

    /// The backend for a model.
    ///
    /// - Throws: `RecognizerError.precision` where processor, build or model do not have what is asked for.
    package func backend(for directory: ModelDirectory) throws(RecognizerError) -> CPUBackend {
        var backend = try unpacked(for: directory)
        backend.packedWeights = packedWeights
        return backend
    }

    private func unpacked(for directory: ModelDirectory) throws(RecognizerError) -> CPUBackend {
        switch precision {
        case .auto:
            if CPUBackend.gainsFromBFloat16, Self.objection(to: .bf16, for: directory) == nil {
                return try .narrow(.bf16, pool: pool)
            }
            return try .float32(pool: pool)
        case .f32:
            return try .float32(pool: pool)
        case .bf16:
            return try .narrow(.bf16, pool: pool)
        case .int8:
            if let objection = Self.objection(to: .int8, for: directory) {
                throw .precision(.int8, reason: objection)
            }
            return try .narrow(.int8, floatLayers: directory.config.int8?.floatLayers ?? [], pool: pool)
        }
    }

    /// Why a model has not passed its test for a precision; nil if it has.
    private static func objection(to precision: Precision, for directory: ModelDirectory) -> String? {
        let config = directory.config
        guard let agreement = precision == .int8 ? config.int8 : config.bf16 else {
            return "the model \(config.name) has not been calibrated for it; claverd model quantize does that"
        }
        guard agreement.weightsDigest == directory.weightsDigest else {
            return "the model \(config.name) was calibrated with other weights; run claverd model quantize again"
        }
        guard agreement.top1 >= precision.leastAgreement else {
            return "\(agreement.top1 * 100) % of windows agree with float32, at least "
                + "\(precision.leastAgreement * 100) % are needed"
        }
        return nil
    }
}
