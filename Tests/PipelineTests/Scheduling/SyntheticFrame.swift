import Pipeline
import Recognizer
import TestSupport

/// A frame of noise, the same for the same seed.
final class SyntheticFrame: HeldFrame {
    static let size = 32

    let presentationTime: StreamTime
    let capsGeneration: Int
    private let seed: Int
    private let isUnusable: Bool

    /// - Parameter isUnusable: it cannot be mapped.
    init(at presentationTime: StreamTime, seed: Int, capsGeneration: Int = 0, isUnusable: Bool = false) {
        self.presentationTime = presentationTime
        self.capsGeneration = capsGeneration
        self.seed = seed
        self.isUnusable = isUnusable
    }

    func withPixels<R>(_ body: (PixelFrame) throws -> R) throws -> R {
        guard !isUnusable else { throw PipelineError.badCaps(source: "synthetic", reason: "cannot be mapped") }
        var numbers = SeededNumbers(seed: UInt64(seed))
        let bytes = (0..<3 * Self.size * Self.size).map { _ in UInt8.random(in: 0...255, using: &numbers) }
        return try bytes.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else {
                throw PipelineError.badCaps(source: "synthetic", reason: "no pixels")
            }
            return try body(
                PixelFrame(
                    format: .rgb, width: Self.size, height: Self.size,
                    planes: [PixelFrame.Plane(base: base, strideBytes: 3 * Self.size)], matrix: .bt601, range: .full))
        }
    }
}
