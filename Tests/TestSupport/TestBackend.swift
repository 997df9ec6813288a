package import Recognizer

/// The float32 backends that must agree.
package enum TestBackend: String, Sendable, CaseIterable {
    case openBLAS
    /// What the program takes: our own products or oneDNN, where these pack weights for this processor.
    case fastest

    package func make(workers: Int) throws -> CPUBackend {
        let pool = WorkerPool(workers: workers)
        return switch self {
        case .openBLAS: .openBLAS(pool: pool)
        case .fastest: try .float32(pool: pool)
        }
    }
}
