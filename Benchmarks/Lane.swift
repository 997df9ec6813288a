import Recognizer

/// One model in one precision, and the pieces of work that are timed.
final class Lane {
    private static let comparedTexts = 32

    private let geometry: ModelGeometry
    private let backend: CPUBackend
    private let session: RecognizerSession
    private let work: ModelWork
    private let state: ModelWeights
    /// (T, N, 3*P*P)
    private let patches: [Float]
    private let texts: [[Int32]]
    private var encoder: TextEncoder?
    private var feature: [Float]

    /// - Throws: `RecognizerError` where weights or input are not what they should be.
    init(weights: StateDict, input: StateDict, path: String, backend: CPUBackend) throws {
        geometry = try ModelGeometry(tensors: weights.tensors, mask: .kmt, frames: nil, path: path)
        self.backend = backend
        state = ModelWeights(weights)
        session = try RecognizerSession(
            weights: state, geometry: geometry, backend: backend,
            capacity: VisionCapacity(frames: geometry.frames, windows: 1, slots: geometry.frames))
        work = ModelWork(geometry)
        let values = geometry.frames * 3 * geometry.imageSize * geometry.imageSize
        guard let clips = input.tensors["clips"], clips.elementCount >= values,
            let prompts = input.tensors["prompts_i64"], let tokens = prompts.integers(), let length = prompts.shape.last
        else { throw RecognizerError.malformed(path: path, reason: "the input lacks clips or prompts_i64") }
        patches = PatchMatrix.of(clips.floats().values[..<values], geometry: geometry)
        texts = stride(from: 0, to: tokens.count, by: length).map { tokens[$0..<$0 + length].map { Int32($0) } }
        feature = [Float](repeating: 0, count: geometry.embeddingWidth)
        spatial(geometry.frames)
    }

    /// What a line asks for; nil if it is no piece of work.
    func answer(_ words: [String]) throws -> String? {
        let frames = words.count > 1 ? Int(words[1]) ?? 0 : 0
        switch words.first {
        case "window" where (1...geometry.frames).contains(frames):
            return time(work.stream(hop: frames).total) {
                spatial(frames)
                temporal()
            }
        case "spatial" where (1...geometry.frames).contains(frames):
            return time(work.newFrame.total * frames) { spatial(frames) }
        case "temporal":
            return time(work.windowOfKeptFrames.total) { temporal() }
        case "texts":
            let encoder = try textEncoder()
            return time(0) { _ = encoder.unitFeatures(texts) }
        case "peak":
            return "\(try MatrixPeak.measure(backend, within: .milliseconds(500)) / 2)"
        case "logits":
            spatial(geometry.frames)
            temporal()
            return try logits().map { "\($0)" }.joined(separator: " ")
        default:
            return nil
        }
    }

    private func textEncoder() throws -> TextEncoder {
        let encoder = try self.encoder ?? TextEncoder(weights: state, geometry: geometry, backend: backend)
        self.encoder = encoder
        return encoder
    }

    /// Of the clip and the first texts.
    private func logits() throws -> [Float] {
        let some = Array(texts.prefix(Self.comparedTexts))
        let features = try textEncoder().unitFeatures(some)
        let vocabulary = Vocabulary(
            labels: some.indices.map { "\($0)" },
            features: Tensor(shape: [1, some.count, geometry.embeddingWidth], values: features.values))
        return session.logits(feature, vocabulary)
    }

    private func time(_ multiplyAdds: Int, _ body: () -> Void) -> String {
        let start = ContinuousClock.now
        body()
        return "\((ContinuousClock.now - start) / .milliseconds(1)) \(multiplyAdds)"
    }

    private func spatial(_ count: Int) {
        session.encodeFrames(patches, count: count, slots: Array(0..<count))
    }

    private func temporal() {
        session.encodeWindows(Array(0..<geometry.frames), count: 1, videoFeatures: &feature)
    }
}
