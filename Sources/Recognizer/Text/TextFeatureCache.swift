import Foundation

/// Text features on disk, so that a restart does not load the text tower at all.
///
/// A file's name is a digest of the weights, the tokenizer and every token of the prompts: another model or another text
/// is another file. A file that cannot be read, is not what its name promises, or whose content is not what was written, is
/// computed anew.
package struct TextFeatureCache: Sendable {
    private let directory: String

    /// - Parameter directory: made when the first features are stored.
    package init(directory: String) {
        self.directory = directory
    }

    private func path(_ key: String) -> String { "\(directory)/text-\(key.prefix(32)).safetensors" }

    /// The stored unit features, (A, C, E), or nil.
    func read(key: String, shape: [Int]) -> Tensor? {
        guard let file = try? MappedFile(path(key)), let state = try? Safetensors.read(file, path: path(key)),
            state.metadata["key"] == key, let stored = state.tensors["features"], stored.shape == shape,
            stored.type == .float32, state.metadata["sha256"] == SHA256.hex(of: stored.bytes)
        else { return nil }
        return stored.floats()
    }

    /// Stores features. A full or read-only disk is no reason to stop: the features are computed again next time.
    func write(_ features: Tensor, key: String) {
        try? FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let stored = StoredTensor(features)
        let state = StateDict(
            tensors: ["features": stored], metadata: ["key": key, "sha256": SHA256.hex(of: stored.bytes)])
        _ = try? SafetensorsWriter.write(state, to: path(key))
    }
}
