import Recognizer
import TestSupport
import Testing

/// The whole forward pass against PyTorch's, one-shot and streaming.
@Suite(.tags(.golden)) struct ForwardGoldenTests {
    private struct Case {
        let golden: GoldenTensors
        let session: RecognizerSession
        let text: TextEncoder
        let geometry: ModelGeometry

        init(_ mask: KroneckerMask, on library: TestBackend, workers: Int, capacity: VisionCapacity) throws {
            golden = try GoldenTensors(Golden.path("forward/small-\(mask.rawValue.lowercased()).safetensors"))
            geometry = GoldenModel.geometry(mask)
            let weights = try GoldenModel.weights()
            let backend = try library.make(workers: workers)
            session = try RecognizerSession(weights: weights, geometry: geometry, backend: backend, capacity: capacity)
            text = try TextEncoder(weights: weights, geometry: geometry, backend: backend)
        }

        func vocabulary() throws -> Vocabulary {
            let shape = try golden.shape("prompts_i64")
            let tokens = try golden.integers("prompts_i64")
            let texts = (0..<shape[0] * shape[1]).map { row in
                tokens[row * shape[2]..<(row + 1) * shape[2]].map { Int32($0) }
            }
            let features = text.unitFeatures(texts).values
            let labels = (0..<shape[1]).map { "class \($0)" }
            return Vocabulary(
                labels: labels,
                features: Tensor(shape: [shape[0], shape[1], geometry.embeddingWidth], values: features))
        }
    }

    @Test(arguments: KroneckerMask.allCases, TestBackend.allCases)
    func equalsTheReferenceInOneShot(mask: KroneckerMask, on library: TestBackend) throws {
        for workers in 1...3 { try equalsTheReferenceInOneShot(mask, library, workers) }
    }

    private func equalsTheReferenceInOneShot(_ mask: KroneckerMask, _ library: TestBackend, _ workers: Int) throws {
        let it = try Case(
            mask, on: library, workers: workers, capacity: VisionCapacity(frames: 8, windows: 2, slots: 8))
        let patches = PatchMatrix.of(try it.golden.floats("clips").values[...], geometry: it.geometry)
        let slots = [0, 1, 2, 3, 4, 5, 6, 7]
        it.session.encodeFrames(patches, count: 8, slots: slots)
        let spatial = slots.flatMap { it.session.readSpatialFeatures(slot: $0) }
        expectClose(spatial, try it.golden.floats("spatial_tokens").values, .features, "spatial_tokens")

        var video = [Float](repeating: 0, count: 2 * it.geometry.embeddingWidth)
        it.session.encodeWindows(slots, count: 2, videoFeatures: &video)
        let frames = (0..<2).flatMap { it.session.readFrameFeatures(window: $0) }
        expectClose(frames, try it.golden.floats("frame_features").values, .features, "frame_features")
        expectClose(video, try it.golden.floats("video_features").values, .features, "video_features")

        let vocabulary = try it.vocabulary()
        var logits: [Float] = []
        var scores: [Float] = []
        for clip in 0..<2 {
            let feature = Array(video[clip * it.geometry.embeddingWidth..<(clip + 1) * it.geometry.embeddingWidth])
            logits += it.session.logits(feature, vocabulary)
            var row: [Float] = []
            it.session.score(feature, vocabulary, scores: &row)
            scores += row
        }
        expectClose(logits, try it.golden.floats("logits").values, .logits, "logits")
        expectClose(scores, try it.golden.floats("scores").values, .scores, "scores")
    }

    @Test(arguments: KroneckerMask.allCases, TestBackend.allCases)
    func encodesTextsLikeTheReference(mask: KroneckerMask, on library: TestBackend) throws {
        let it = try Case(mask, on: library, workers: 2, capacity: VisionCapacity(frames: 1, windows: 1, slots: 4))
        let tokens = try it.golden.integers("prompts_i64")
        let texts = (0..<15).map { row in tokens[row * 77..<(row + 1) * 77].map { Int32($0) } }
        expectClose(
            it.text.features(texts).values, try it.golden.floats("text_features").values, .features, "text_features")
        let cut = texts.map { text in Array(text.prefix(through: text.firstIndex(of: 513)!)) }
        expectClose(
            it.text.features(cut).values, it.text.features(texts).values, .exact, "texts cut at their end token")
    }

    /// One new frame a window, features of the other three kept.
    @Test(arguments: KroneckerMask.allCases, TestBackend.allCases)
    func streamingEqualsTheReference(mask: KroneckerMask, on library: TestBackend) throws {
        let it = try Case(mask, on: library, workers: 2, capacity: VisionCapacity(frames: 1, windows: 1, slots: 5))
        let frames = PatchMatrix.of(try it.golden.floats("stream_frames").values[...], geometry: it.geometry)
        let perFrame = it.geometry.patches * it.geometry.patchValues
        let vocabulary = try it.vocabulary()
        var scores: [Float] = []
        var video = [Float](repeating: 0, count: it.geometry.embeddingWidth)
        for frame in 0..<9 {
            it.session.encodeFrames(
                Array(frames[frame * perFrame..<(frame + 1) * perFrame]), count: 1, slots: [frame % 5])
            guard frame >= 3 else { continue }
            it.session.encodeWindows((frame - 3...frame).map { $0 % 5 }, count: 1, videoFeatures: &video)
            var row: [Float] = []
            it.session.score(video, vocabulary, scores: &row)
            scores += row
        }
        expectClose(scores, try it.golden.floats("stream_scores_hop1").values, .scores, "stream_scores_hop1")
    }
}
