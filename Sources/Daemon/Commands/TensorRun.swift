import Pipeline
import Recognizer

/// One pass of a model over the tensors of a file.
struct TensorRun {
    private let model: Model
    private let input: [String: StoredTensor]
    private let path: String
    private let vocabulary: Vocabulary?
    /// (A, C, E), as the text tower gives them.
    private let textFeatures: Tensor?

    /// - Throws: `RecognizerError` when `prompts_i64` does not fit the model, and for a file that has nothing to run it on.
    init(model: Model, input: [String: StoredTensor], path: String) throws {
        self.model = model
        self.input = input
        self.path = path
        let names = ["clips", "prompts_i64"]
        guard names.contains(where: { input[$0] != nil }) else {
            throw RecognizerError.malformed(
                path: path,
                reason: "has neither \(names.joined(separator: " nor "))"
                    + (input.keys.sorted().first.map { ", but \($0.escapedForLog)" } ?? ""))
        }
        guard let prompts = input["prompts_i64"] else {
            vocabulary = nil
            textFeatures = nil
            return
        }
        let geometry = model.geometry
        guard prompts.shape.count == 3, prompts.shape.allSatisfy({ $0 > 0 }), prompts.shape[2] <= geometry.contextLength
        else {
            throw RecognizerError.malformed(
                path: path,
                reason: "prompts_i64 has shape \(prompts.shape), expected (A, C, at most \(geometry.contextLength))")
        }
        guard let tokens = prompts.integers(), tokens.allSatisfy({ (0..<geometry.vocabularySize).contains($0) }) else {
            throw RecognizerError.malformed(
                path: path, reason: "prompts_i64 must hold integers in 0..<\(geometry.vocabularySize)")
        }
        let (sets, classes, length) = (prompts.shape[0], prompts.shape[1], prompts.shape[2])
        let texts = (0..<sets * classes).map { row in tokens[row * length..<(row + 1) * length].map { Int32($0) } }
        let encoder = try model.makeTextEncoder()
        let shape = [sets, classes, geometry.embeddingWidth]
        textFeatures = Tensor(shape: shape, values: encoder.features(texts).values)
        vocabulary = Vocabulary(
            labels: (0..<classes).map { "\($0)" },
            features: Tensor(shape: shape, values: encoder.unitFeatures(texts).values))
    }

    /// Everything that follows from `clips`; without them, the text features alone.
    func clipResults() throws -> [String: Tensor] {
        var results: [String: Tensor] = [:]
        results["text_features"] = textFeatures
        guard let clips = input["clips"] else { return results }
        let geometry = model.geometry
        let (frames, width) = (geometry.frames, geometry.embeddingWidth)
        let count = clips.shape.first ?? 0
        let pictures = try pictures(
            clips, "clips", expected: [count, frames, 3, geometry.imageSize, geometry.imageSize])
        let session = try model.makeSession(capacity: VisionCapacity(frames: frames, windows: 1, slots: frames))
        let slots = Array(0..<frames)
        var (spatial, frameFeatures, video, logits, scores) = ([Float](), [Float](), [Float](), [Float](), [Float]())
        var feature = [Float](repeating: 0, count: width)
        var row: [Float] = []
        for clip in 0..<count {
            let patches = PatchMatrix.of(pictures[part: clip, of: count], geometry: geometry)
            session.encodeFrames(patches, count: frames, slots: slots)
            for slot in slots { spatial += session.readSpatialFeatures(slot: slot) }
            session.encodeWindows(slots, count: 1, videoFeatures: &feature)
            frameFeatures += session.readFrameFeatures(window: 0)
            video += feature
            if let vocabulary {
                logits += session.logits(feature, vocabulary)
                session.score(feature, vocabulary, scores: &row)
                scores += row
            }
        }
        results["spatial_tokens"] = Tensor(
            shape: [count * frames, geometry.tokens, geometry.visionWidth], values: spatial)
        results["frame_features"] = Tensor(shape: [count, frames, width], values: frameFeatures)
        results["video_features"] = Tensor(shape: [count, width], values: video)
        if let vocabulary {
            let classes = vocabulary.labels.count
            results["logits"] = Tensor(shape: [count, vocabulary.prompts, classes], values: logits)
            results["scores"] = Tensor(shape: [count, classes], values: scores)
        }
        return results
    }

    /// Scores (windows, C) of `stream_frames`, each frame's spatial features computed once.
    func streamScores(hop: Int) throws -> Tensor {
        let geometry = model.geometry
        guard let stream = input["stream_frames"], let vocabulary else {
            throw RecognizerError.malformed(path: path, reason: "--stream-hop needs stream_frames and prompts_i64")
        }
        let count = stream.shape.first ?? 0
        let pictures = try pictures(
            stream, "stream_frames", expected: [count, 3, geometry.imageSize, geometry.imageSize])
        let ring = geometry.frames + 1
        let session = try model.makeSession(capacity: VisionCapacity(frames: 1, windows: 1, slots: ring))
        var assembler = WindowAssembler<Int>(length: geometry.frames, hop: hop)
        var window: [Int] = []
        var (scores, row) = ([Float](), [Float]())
        var feature = [Float](repeating: 0, count: geometry.embeddingWidth)
        for frame in 0..<count {
            let patches = PatchMatrix.of(pictures[part: frame, of: count], geometry: geometry)
            session.encodeFrames(patches, count: 1, slots: [frame % ring])
            guard assembler.append(frame % ring, at: StreamTime(seconds: Double(frame)), window: &window) != nil else {
                continue
            }
            session.encodeWindows(window, count: 1, videoFeatures: &feature)
            session.score(feature, vocabulary, scores: &row)
            scores += row
        }
        let classes = vocabulary.labels.count
        return Tensor(shape: [scores.count / classes, classes], values: scores)
    }

    private func pictures(_ stored: StoredTensor, _ name: String, expected: [Int]) throws(RecognizerError) -> [Float] {
        guard stored.shape == expected else {
            throw .shapeMismatch(tensor: name, expected: expected, actual: stored.shape)
        }
        guard stored.isFinite else { throw .nonFinite(tensor: name) }
        return stored.floats().values
    }
}

extension [Float] {
    /// The `index`-th of `count` equal parts.
    fileprivate subscript(part index: Int, of count: Int) -> ArraySlice<Float> {
        self[index * (self.count / count)..<(index + 1) * (self.count / count)]
    }
}
