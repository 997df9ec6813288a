import CKernels

/// What rows and weights of our own products are made of.
enum PanelType: Sendable, CustomStringConvertible {
    case float32, bfloat16, int8

    /// Whether this processor has the instructions.
    var runs: Bool { ckernels_product_runs(product) != 0 }

    var product: ckernels_product_type {
        switch self {
        case .float32: CKERNELS_PRODUCT_FLOAT
        case .bfloat16: CKERNELS_PRODUCT_HALF
        case .int8: CKERNELS_PRODUCT_BYTES
        }
    }

    /// Values in a word of 32 bits.
    var valuesPerWord: Int {
        switch self {
        case .float32: 1
        case .bfloat16: 2
        case .int8: 4
        }
    }

    /// Words of a row of `values` values; the last may not be full.
    func words(_ values: Int) -> Int { (values + valuesPerWord - 1) / valuesPerWord }

    var description: String {
        switch self {
        case .float32: "float32"
        case .bfloat16: "bfloat16"
        case .int8: "int8"
        }
    }

    /// The name of the instructions.
    var instructions: String {
        switch self {
        case .float32: "AVX-512"
        case .bfloat16: "AVX512_BF16"
        case .int8: "AVX512_VNNI"
        }
    }
}
