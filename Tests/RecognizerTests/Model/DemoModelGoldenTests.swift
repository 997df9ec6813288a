import Foundation
import Recognizer
import TestSupport
import Testing

/// A model that PyTorch trained, stored in half precision, with two temporal blocks: the first one's kept product and the last one's
/// absorbed keys and values both take part.
@Suite(.tags(.golden)) struct DemoModelGoldenTests {
    /// Frames pass one by one; each window of eight is scored.
    @Test(arguments: KroneckerMask.allCases, TestBackend.allCases)
    func streamingEqualsTheReference(mask: KroneckerMask, on library: TestBackend) throws {
        let golden = try GoldenTensors(Golden.path("forward/demo-model.safetensors"))
        let directory = try ModelDirectory.open(Golden.path("demo/model"))
        var geometry = directory.config.geometry
        geometry.mask = mask
        let weights = ModelWeights(directory.weights)
        let backend = try library.make(workers: 2)
        let session = try RecognizerSession(
            weights: weights, geometry: geometry, backend: backend,
            capacity: VisionCapacity(frames: 1, windows: 1, slots: 9))
        let tokens = try golden.integers("prompts_i64").map { Int32($0) }
        let texts = (0..<10).map { Array(tokens[$0 * 77..<($0 + 1) * 77]) }
        let encoder = try TextEncoder(weights: weights, geometry: geometry, backend: backend)
        let vocabulary = Vocabulary(
            labels: (0..<5).map { "\($0)" },
            features: Tensor(shape: [2, 5, geometry.embeddingWidth], values: encoder.unitFeatures(texts).values))

        let frames = PatchMatrix.of(try golden.floats("stream_frames").values[...], geometry: geometry)
        let perFrame = geometry.patches * geometry.patchValues
        var feature = [Float](repeating: 0, count: geometry.embeddingWidth)
        var row: [Float] = []
        var (features, logits, scores) = ([Float](), [Float](), [Float]())
        for frame in 0..<10 {
            session.encodeFrames(
                Array(frames[frame * perFrame..<(frame + 1) * perFrame]), count: 1, slots: [frame % 9])
            guard frame >= 7 else { continue }
            session.encodeWindows((frame - 7...frame).map { $0 % 9 }, count: 1, videoFeatures: &feature)
            features += session.readFrameFeatures(window: 0)
            logits += session.logits(feature, vocabulary)
            session.score(feature, vocabulary, scores: &row)
            scores += row
        }
        let name = mask.rawValue
        expectClose(features, try golden.floats("\(name).frame_features").values, .features, "\(name) frame features")
        expectClose(logits, try golden.floats("\(name).logits").values, .logits, "\(name) logits")
        expectClose(scores, try golden.floats("\(name).scores").values, .scores, "\(name) scores")
    }
}
