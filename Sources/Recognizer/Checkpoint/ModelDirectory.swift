/// A model as it lies on the disk: `config.json`, `model.safetensors`, and beside them, as the model needs or its owner
/// wishes, `merges.txt`, `labels.csv`, `prompts.csv`.
package struct ModelDirectory: Sendable {
    package let path: String
    package let config: ModelConfig
    /// Under the authors' names; exactly those that the geometry demands, in their shapes.
    package let weights: StateDict
    /// SHA-256 of `model.safetensors`, hexadecimal.
    package let weightsDigest: String
    /// The merges of the tokenizer, one `left right` per line; `nil` for a byte-level model.
    package let mergesPath: String?
    /// Sentences by class id from `prompts.csv`; empty without that file. As many classes as labels.
    package let prompts: [[String]]

    package static let configName = "config.json"
    package static let weightsName = "model.safetensors"
    package static let mergesName = "merges.txt"
    package static let labelsName = "labels.csv"
    package static let promptsName = "prompts.csv"

    /// Maps the weights and checks everything but the values of large tensors, which `ModelImport` has checked.
    ///
    /// The weights' digest is taken from `config.json` when size and header of the file are those recorded with it and it
    /// is no newer than `config.json`, and computed otherwise. So other weights in the old file's place, of the same
    /// shapes even, are noticed. The digest names caches, it does not authenticate.
    package static func open(_ path: String) throws -> ModelDirectory {
        try openChecked(path)
    }

    private static func openChecked(_ path: String) throws(RecognizerError) -> ModelDirectory {
        let configPath = path + "/" + configName
        let configFile = try MappedFile(configPath)
        var config = try ModelConfig(
            json: configFile.bytes, path: configPath, defaultName: ModelConfig.name(of: path))

        let weightsPath = path + "/" + weightsName
        let file = try MappedFile(weightsPath)
        let weights = try Safetensors.read(file, path: weightsPath)
        try check(weights, against: config, configPath: configPath, weightsPath: weightsPath)
        for (name, tensor) in weights.tensors where tensor.elementCount <= 1 << 16 && !tensor.isFinite {
            throw .nonFinite(tensor: name)
        }
        let merges = try merges(in: path, for: config, configPath: configPath)
        if let labels = existing(path + "/" + labelsName) {
            try use(labels: labels, in: &config, configPath: configPath)
        }
        var prompts: [[String]] = []
        if let file = existing(path + "/" + promptsName) {
            prompts = try ListFile.prompts(file)
            guard prompts.count == config.labels.count else {
                throw .malformed(
                    path: file, reason: "\(prompts.count) classes, the model has \(config.labels.count) labels")
            }
        }
        return ModelDirectory(
            path: path, config: config, weights: weights,
            weightsDigest: try digest(of: file, recorded: file.isNewer(than: configFile) ? nil : config.provenance),
            mergesPath: merges, prompts: prompts)
    }

    private static func check(
        _ weights: StateDict, against config: ModelConfig, configPath: String, weightsPath: String
    ) throws(RecognizerError) {
        let actual = try ModelGeometry(
            tensors: weights.tensors, mask: config.geometry.mask, frames: nil, path: weightsPath)
        let pairs: [(key: String, said: Int, found: Int)] = [
            ("image_size", config.geometry.imageSize, actual.imageSize),
            ("patch_size", config.geometry.patchSize, actual.patchSize),
            ("frames", config.geometry.frames, actual.frames),
            ("vision_width", config.geometry.visionWidth, actual.visionWidth),
            ("vision_layers", config.geometry.visionLayers, actual.visionLayers),
            ("temporal_layers", config.geometry.temporalLayers, actual.temporalLayers),
            ("embed_dim", config.geometry.embeddingWidth, actual.embeddingWidth),
            ("text_width", config.geometry.textWidth, actual.textWidth),
            ("text_layers", config.geometry.textLayers, actual.textLayers),
            ("context_length", config.geometry.contextLength, actual.contextLength),
            ("vocab_size", config.geometry.vocabularySize, actual.vocabularySize),
        ]
        for pair in pairs where pair.said != pair.found {
            throw .configuration(
                path: configPath, key: pair.key,
                reason: "\(pair.said), but the tensors of \(weightsName) say \(pair.found)")
        }
        try ModelTensors.check(weights, geometry: config.geometry, path: weightsPath)
    }

    private static func merges(
        in path: String, for config: ModelConfig, configPath: String
    ) throws(RecognizerError) -> String? {
        guard config.tokenizer == .clip, config.geometry.vocabularySize > MergesFile.byteVocabulary else { return nil }
        guard let file = existing(path + "/" + mergesName) else {
            throw .mergesMissing(path: path, expectedVocabulary: config.geometry.vocabularySize)
        }
        return file
    }

    static func use(
        labels file: String, in config: inout ModelConfig, configPath: String
    ) throws(RecognizerError) {
        let labels = try ListFile.labels(file)
        guard config.labels.isEmpty || config.labels == labels else {
            throw .configuration(path: configPath, key: "labels", reason: "not those of \(file); remove one of the two")
        }
        config.labels = labels
    }

    private static func digest(
        of file: MappedFile, recorded: ModelConfig.Provenance?
    ) throws(RecognizerError) -> String {
        let header = try Safetensors.headerRange(file.bytes, path: file.path)
        if let recorded, let digest = recorded.sha256, recorded.byteCount == file.bytes.count,
            recorded.headerSHA256 == SHA256.hex(of: UnsafeRawBufferPointer(rebasing: file.bytes[..<header.upperBound]))
        {
            return digest
        }
        return SHA256.hex(of: file.bytes)
    }

    /// `path` if a file is there, `nil` if nothing is.
    private static func existing(_ path: String) -> String? {
        FileTree.exists(path) ? path : nil
    }
}
