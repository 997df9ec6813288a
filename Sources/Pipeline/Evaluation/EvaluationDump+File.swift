import Foundation
import Recognizer

extension EvaluationDump {
    /// What the metadata say, as JSON under `evaluation`.
    private struct Description: Codable {
        var record: EvaluationRecord
        var families: [PromptFamily]
        var labels: [String]
        var scale: Float
        var total: Int
        var clips: [Clip]
    }

    private static let format = "claverd evaluation 1"

    /// - Throws: `RecognizerError.io`.
    package func write(to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let description = Description(
            record: record, families: families, labels: vocabulary.labels, scale: scale, total: total, clips: clips)
        let text = String(decoding: try encoder.encode(description), as: UTF8.self)
        let scores = Tensor(shape: [clips.count, vocabulary.labels.count], values: scores(vocabulary))
        let valid = clips.map { UInt8($0.failure == nil ? 1 : 0) }
        let tensors = [
            "video_features": features,
            "scores": StoredTensor(scores),
            "valid_u8": StoredTensor(copying: valid, type: .uint8),
            "index_i64": StoredTensor(copying: indices.map(Int64.init), type: .int64),
            "text_features": StoredTensor(vocabulary.features),
        ]
        let state = StateDict(tensors: tensors, metadata: ["format": Self.format, "evaluation": text])
        try SafetensorsWriter.write(state, to: path)
    }

    /// Whether a file is the dump of an evaluation, by what it says of itself.
    package static func isDump(_ path: String) -> Bool {
        (try? CheckpointReader.read(path))?.metadata["format"] == format
    }

    /// Reads what `write` wrote; the features stay in the mapped file.
    ///
    /// - Throws: `EvaluationError.malformed`, or `RecognizerError` for what is no safetensors file at all.
    package init(path: String) throws {
        func failure(_ reason: String) -> EvaluationError { .malformed(path: path, reason: reason) }
        let state = try CheckpointReader.read(path)
        guard state.metadata["format"] == Self.format, let text = state.metadata["evaluation"] else {
            throw failure("not the dump of an evaluation, which claverd eval --dump writes")
        }
        let description: Description
        do {
            description = try JSONDecoder().decode(Description.self, from: Data(text.utf8))
        } catch {
            throw failure("its description cannot be read")
        }
        guard let features = state.tensors["video_features"], let texts = state.tensors["text_features"],
            let indices = state.tensors["index_i64"]?.integers(), features.type == .float32, texts.type == .float32,
            features.mappedFloats != nil
        else { throw failure("video_features, text_features or index_i64 is missing or of another type") }
        let count = description.clips.count
        guard features.shape.count == 3, features.shape[0] == count, features.shape[1] > 0, indices.count == count,
            texts.shape.count == 3, texts.shape[1] == description.labels.count, texts.shape[2] == features.shape[2],
            !description.labels.isEmpty, texts.shape[0] == description.families.map(\.count).reduce(0, +),
            texts.shape[0] > 0, description.families.allSatisfy({ $0.count > 0 })
        else { throw failure("its tensors do not fit each other") }
        guard zip(indices, indices.dropFirst()).allSatisfy({ $0 < $1 }), (indices.first ?? 0) >= 0,
            (indices.last ?? -1) < description.total,
            description.clips.allSatisfy({ clip in
                !clip.classes.isEmpty && clip.classes.allSatisfy(description.labels.indices.contains)
            })
        else { throw failure("its clips' places or classes are out of range") }
        guard features.isFinite, texts.isFinite, description.scale.isFinite else {
            throw failure("it holds a value that is not finite")
        }
        self.init(
            record: description.record, families: description.families,
            vocabulary: Vocabulary(labels: description.labels, features: texts.floats()), scale: description.scale,
            total: description.total, indices: indices, clips: description.clips, features: features)
    }
}

extension StoredTensor {
    /// One dimension of integers, copied.
    fileprivate init<Value: FixedWidthInteger & BitwiseCopyable>(copying values: [Value], type: ElementType) {
        let byteCount = values.count * MemoryLayout<Value>.stride
        let owner = HeapBytes(count: byteCount) { memory in values.withUnsafeBytes { memory.copyMemory(from: $0) } }
        self.init(type: type, shape: [values.count], owner: owner, range: 0..<byteCount)
    }
}
