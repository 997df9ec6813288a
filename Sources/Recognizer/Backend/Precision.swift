/// The arithmetic of a model's matrix products.
package enum Precision: String, Sendable, CaseIterable, Codable {
    /// bfloat16 where the processor has it and the model has passed its test of agreement with float32, else float32.
    case auto
    case f32
    /// Products of bfloat16, sums in float32.
    case bf16
    /// Products of bytes, but for the layers that the model's calibration leaves alone.
    case int8

    /// The smallest share of windows with the same best label as in float32 that a precision is used with.
    package var leastAgreement: Double {
        switch self {
        case .auto, .f32: 1
        case .bf16: 0.995
        case .int8: 0.985
        }
    }
}

/// A test of a precision against float32, as a model's `config.json` records it.
package struct PrecisionAgreement: Sendable, Equatable {
    /// SHA-256 of the weights that were tested.
    package var weightsDigest: String
    /// Windows that were scored with both.
    package var windows: Int
    /// The share of them with the same best label.
    package var top1: Double
    /// Layers that stay in floating point, by their names in the checkpoint without `.weight`; sorted.
    package var floatLayers: [String]

    package init(weightsDigest: String, windows: Int, top1: Double, floatLayers: [String] = []) {
        self.weightsDigest = weightsDigest
        self.windows = windows
        self.top1 = top1
        self.floatLayers = floatLayers
    }
}
