internal import CKernels

/// Instructions that preprocessing may use; every variant gives the same values.
package enum PreprocessVariant: Sendable, CaseIterable {
    case portable, avx2

    /// Whether this processor has the instructions.
    package var isSupported: Bool { preprocess_supports(symbol) }

    /// The fastest variant of this processor.
    package static let fastest: PreprocessVariant = PreprocessVariant.avx2.isSupported ? .avx2 : .portable

    var symbol: preprocess_variant {
        switch self {
        case .portable: PREPROCESS_PORTABLE
        case .avx2: PREPROCESS_AVX2
        }
    }
}
