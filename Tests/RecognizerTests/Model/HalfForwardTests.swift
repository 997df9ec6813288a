import TestSupport
import Testing

@testable import Recognizer

/// The forward pass with bfloat16 rows, where the processor multiplies them.
@Suite(.enabled(if: CPUBackend.hasBFloat16)) struct HalfForwardTests {
    /// Rounding to 8 bits in every layer of a small model of random weights.
    private static let rounding = Tolerance(absolute: 0.03)

    private func session(
        _ geometry: ModelGeometry, _ weights: ModelWeights, workers: Int, windows: Int
    ) throws -> RecognizerSession {
        try RecognizerSession(
            weights: weights, geometry: geometry, backend: CPUBackend.narrow(.bf16, pool: WorkerPool(workers: workers)),
            capacity: VisionCapacity(frames: 8, windows: windows, slots: 8))
    }

    private func features(_ session: RecognizerSession, _ patches: [Float], windows: Int) -> [Float] {
        var video = [Float](repeating: 0, count: windows * session.geometry.embeddingWidth)
        session.encodeFrames(patches, count: 8, slots: Array(0..<8))
        session.encodeWindows(Array(0..<windows * 4), count: windows, videoFeatures: &video)
        return video
    }

    @Test(.tags(.golden), arguments: KroneckerMask.allCases) func staysNearTheReference(mask: KroneckerMask) throws {
        let golden = try GoldenTensors(Golden.path("forward/small-\(mask.rawValue.lowercased()).safetensors"))
        let geometry = GoldenModel.geometry(mask)
        let patches = PatchMatrix.of(try golden.floats("clips").values[...], geometry: geometry)
        let session = try session(geometry, GoldenModel.weights(), workers: 2, windows: 2)
        expectClose(
            features(session, patches, windows: 2), try golden.floats("video_features").values, Self.rounding,
            "video_features")
    }

    /// Bit for bit, as in float32.
    @Test(arguments: KroneckerMask.allCases) func threadsAndNeighboursChangeNothing(mask: KroneckerMask) throws {
        let geometry = RandomModel.geometry(heads: 3, temporalLayers: 3, mask: mask)
        let weights = ModelWeights(RandomModel.state(geometry))
        var numbers = SeededNumbers(seed: 2)
        let patches = numbers.floats(8 * geometry.patches * geometry.patchValues)
        let one = features(try session(geometry, weights, workers: 1, windows: 2), patches, windows: 2)
        let three = features(try session(geometry, weights, workers: 3, windows: 2), patches, windows: 2)
        #expect(three == one)
        let alone = features(try session(geometry, weights, workers: 2, windows: 1), patches, windows: 1)
        #expect(alone == Array(one.prefix(alone.count)))
    }
}
