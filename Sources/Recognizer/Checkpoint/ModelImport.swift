import Glibc

/// Makes a model directory of a published checkpoint.
package enum ModelImport {
    package struct Options: Sendable {
        /// `nil`: what the checkpoint says, else KMT.
        package var mask: KroneckerMask?
        /// T for a checkpoint without temporal part; `nil`: 8.
        package var frames: Int?
        /// A merges file, plain or gzip, or a `tokenizer.json`; `nil`: one beside the checkpoint.
        package var mergesPath: String?
        /// A `labels.csv` whose names become the model's own.
        package var labelsPath: String?
        /// What the weights become, a floating-point type; `nil`: as they are stored.
        package var type: ElementType?

        package init(
            mask: KroneckerMask? = nil, frames: Int? = nil, mergesPath: String? = nil, labelsPath: String? = nil,
            type: ElementType? = nil
        ) {
            self.mask = mask
            self.frames = frames
            self.mergesPath = mergesPath
            self.labelsPath = labelsPath
            self.type = type
        }
    }

    package struct Outcome: Sendable {
        package let config: ModelConfig
        /// What was decided or added, a sentence each, for the person who imports.
        package let notes: [String]
    }

    /// Files that may hold the weights of a downloaded folder, in the order in which they are looked for.
    private static let weightFiles = [ModelDirectory.weightsName, "pytorch_model.bin"]
    private static let mergesFiles = [
        ModelDirectory.mergesName, "tokenizer.json", "bpe_simple_vocab_16e6.txt.gz", "bpe_simple_vocab_16e6.txt",
    ]

    /// Reads `source`, a checkpoint or a folder with one, and writes the directory `output`, which must not hold anything.
    ///
    /// A model directory keeps its settings too. Everything is written into a directory beside `output` and renamed at the end:
    /// after an error nothing is there.
    package static func run(
        source: String, output: String, options: Options = Options()
    ) throws(RecognizerError) -> Outcome {
        try FileTree.requireUnused(output)
        let output = FileTree.place(of: output)
        let path = try weightsPath(source)
        let model = FileTree.isDirectory(source) ? try settings(of: source) : nil
        let file = try MappedFile(path)
        let original = try CheckpointReader.read(file, path: path)
        var state = try CheckpointNames.authors(original, path: path)
        var notes: [String] = []
        let mask = chooseMask(
            asked: options.mask, said: model?.geometry.mask ?? statedMask(state.metadata), notes: &notes)
        let geometry = try ModelGeometry(tensors: state.tensors, mask: mask, frames: options.frames, path: path)
        let isPlain = !state.tensors.keys.contains(where: ModelTensors.isTemporal)
        if isPlain {
            let type = state.tensors["visual.conv1.weight"]?.type ?? .float32
            state.tensors.merge(IdentityBlocks.tensors(geometry, type: type)) { first, _ in first }
            notes.append(
                "plain CLIP without a temporal part: added \(geometry.temporalLayers) temporal blocks that change"
                    + " nothing (zero output projections and temporal embedding) for windows of \(geometry.frames)"
                    + " frames; it scores as frame-averaged CLIP until it is trained")
            notes.append("normalisation is OpenAI's CLIP's")
        }
        state.metadata = [:]
        try ModelTensors.check(state, geometry: geometry, path: path)

        let merges = try merges(for: geometry.vocabularySize, beside: path, options: options)
        var config = ModelConfig(
            name: ModelConfig.name(of: output), geometry: geometry,
            tokenizer: merges == nil ? .bytes : .clip)
        if isPlain { (config.mean, config.deviation) = (ModelConfig.clipMean, ModelConfig.clipDeviation) }
        if let model {
            (config.mean, config.deviation, config.templates) = (model.mean, model.deviation, model.templates)
            (config.labels, config.ignore) = (model.labels, model.ignore)
            if model.geometry.mask == geometry.mask { (config.bf16, config.int8) = (model.bf16, model.int8) }
        }
        let ownLabels = config.labels
        if let labels = options.labelsPath { config.labels = try ListFile.labels(labels) }
        config.provenance = ModelConfig.Provenance(
            source: model?.provenance?.source ?? file.path.split(separator: "/").last.map(String.init) ?? file.path)
        let prompts = source + "/" + ModelDirectory.promptsName
        try write(
            state, config: &config, merges: merges,
            promptsPath: model != nil && config.labels == ownLabels && FileTree.exists(prompts) ? prompts : nil,
            source: file, type: options.type, to: output)
        return Outcome(config: config, notes: notes)
    }

    private static func weightsPath(_ source: String) throws(RecognizerError) -> String {
        guard FileTree.isDirectory(source) else { return source }
        guard let file = weightFiles.first(where: { FileTree.exists(source + "/" + $0) }) else {
            throw .malformed(path: source, reason: "a directory without \(weightFiles.joined(separator: " or "))")
        }
        return source + "/" + file
    }

    /// What a model directory's `config.json` and `labels.csv` say; nil for any other folder, whose `config.json` knows no mask.
    private static func settings(of folder: String) throws(RecognizerError) -> ModelConfig? {
        let path = folder + "/" + ModelDirectory.configName
        guard FileTree.exists(path) else { return nil }
        let file = try MappedFile(path)
        guard (try? JSONParser.parse(file.bytes, path: path))?.object?["mask"] != nil else { return nil }
        var config = try ModelConfig(json: file.bytes, path: path, defaultName: "")
        let labels = folder + "/" + ModelDirectory.labelsName
        if FileTree.exists(labels) { try ModelDirectory.use(labels: labels, in: &config, configPath: path) }
        return config
    }

    private static func chooseMask(
        asked: KroneckerMask?, said: KroneckerMask?, notes: inout [String]
    ) -> KroneckerMask {
        if let asked {
            if let said, said != asked {
                notes.append("the checkpoint says mask \(said.rawValue); \(asked.rawValue) was asked for and is taken")
            }
            return asked
        }
        if let said { return said }
        notes.append("the checkpoint does not say its mask: taken as \(KroneckerMask.kmt.rawValue), --mask changes it")
        return .kmt
    }

    /// The mask as a training bundle's settings or a safetensors file's `config` state it.
    private static func statedMask(_ metadata: [String: String]) -> KroneckerMask? {
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            let last = key.split(separator: ".").last?.lowercased() ?? ""
            if last == "mask" || last == "mask_mode", let mask = KroneckerMask(rawValue: value) { return mask }
        }
        guard let text = metadata["config"] else { return nil }
        let owner = HeapBytes(count: text.utf8.count) { $0.copyBytes(from: text.utf8) }
        guard let config = try? JSONParser.parse(owner.bytes, path: "config") else { return nil }
        return config.object?["mask"]?.string.flatMap(KroneckerMask.init(rawValue:))
    }

    private static func merges(
        for vocabulary: Int, beside path: String, options: Options
    ) throws(RecognizerError) -> MergeList? {
        if vocabulary == MergesFile.byteVocabulary, options.mergesPath == nil { return nil }
        if let given = options.mergesPath { return try MergesFile.read(given, vocabulary: vocabulary) }
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
        guard let found = mergesFiles.map({ folder + $0 }).first(where: FileTree.exists) else {
            throw .mergesMissing(path: path, expectedVocabulary: vocabulary)
        }
        return try MergesFile.read(found, vocabulary: vocabulary)
    }

    private static func write(
        _ state: StateDict, config: inout ModelConfig, merges: MergeList?, promptsPath: String?, source: MappedFile,
        type: ElementType?, to output: String
    ) throws(RecognizerError) {
        try requireFinite(state)
        let directory = "\(output).importing-\(getpid())"
        try FileTree.createDirectory(directory)
        do {
            let weights = directory + "/" + ModelDirectory.weightsName
            let receipt = try SafetensorsWriter.write(state, to: weights, as: type)
            try source.checkUnchanged()
            // What does not fit into a narrower type has become infinite.
            if type != nil { try requireFinite(Safetensors.read(MappedFile(weights), path: weights)) }
            config.provenance = ModelConfig.Provenance(
                source: config.provenance?.source ?? "", sha256: receipt.digest, byteCount: receipt.byteCount,
                headerSHA256: receipt.headerDigest)
            if let merges {
                try ReplacementFile.write(merges.text, to: directory + "/" + ModelDirectory.mergesName)
            }
            if let promptsPath {
                let prompts = try MappedFile(promptsPath)
                try ReplacementFile.write(
                    String(decoding: prompts.bytes, as: UTF8.self), to: directory + "/" + ModelDirectory.promptsName)
            }
            try ReplacementFile.write(config.json, to: directory + "/" + ModelDirectory.configName)
            try FileTree.move(directory, to: output)
        } catch {
            FileTree.removeDirectory(
                directory,
                files: [
                    ModelDirectory.weightsName, ModelDirectory.mergesName, ModelDirectory.promptsName,
                    ModelDirectory.configName,
                ])
            throw error
        }
    }

    private static func requireFinite(_ state: StateDict) throws(RecognizerError) {
        for (name, tensor) in state.tensors.sorted(by: { $0.value.range.lowerBound < $1.value.range.lowerBound }) {
            guard tensor.isFinite else { throw .nonFinite(tensor: name) }
            tensor.owner.forget(tensor.range)
        }
    }
}
