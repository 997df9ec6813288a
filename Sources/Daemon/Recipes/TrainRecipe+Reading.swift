import Foundation
import Pipeline
import Recognizer

/// Training recipes as YAML.
extension TrainRecipe {
    static let keys = [
        "model", "from_scratch", "geometry", "temporal", "freeze", "data", "list", "val_data", "val", "labels",
        "templates", "prompts", "output", "frames", "image", "patch", "mask", "epochs", "warm_up_epochs", "rate",
        "floor", "total_batch", "batch", "temporal_factor", "layer_decay", "weight_decay", "betas", "epsilon",
        "clip_norm", "average", "drop_path", "label_smoothing", "mixup", "cutmix", "switch_probability",
        "prompts_per_step", "scale_limit", "crop", "scales", "flip", "jitter", "brightness", "contrast", "saturation",
        "hue", "grey", "checkpointing", "precision", "seed", "text_warm_up", "features", "features_limit", "memory",
        "views",
        "checkpoint_every", "max_bad", "workers", "readers",
    ]
    static let geometryKeys = [
        "image_size", "patch_size", "frames", "vision_width", "vision_layers", "temporal_layers", "embed_dim",
        "text_width", "text_layers", "context_length", "mask",
    ]
    static let warmUpKeys = ["updates", "rate", "temperature"]

    /// Reads a recipe over what is there; its relative paths start from its own directory.
    ///
    /// - Throws: `SettingsError` with file, line and column.
    mutating func read(file: String) throws {
        let base = URL(filePath: file).deletingLastPathComponent().path
        try read(SettingsReader(YAMLDocument(file: file).root, file: file, path: "", keys: Self.keys), base: base)
    }

    /// Reads the text of a recipe whose paths are absolute; `file` is the name that errors carry.
    mutating func read(text: String, file: String) throws {
        try read(
            SettingsReader(YAMLDocument(text: text, file: file).root, file: file, path: "", keys: Self.keys), base: "/")
    }

    /// Reads `key=value` pairs of the command line; values are YAML, relative paths start from `base`.
    mutating func read(assignments: [String], base: String) throws {
        for text in assignments {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty else {
                throw CommandFailure(.usage, "--set expects key=value, not \(text.escapedForLog)")
            }
            let file = "--set \(text.escapedForLog)"
            let tree = try YAMLDocument(text: "\(parts[0]): \(parts[1])", file: file).root
            try read(SettingsReader(tree, file: file, path: "", keys: Self.keys), base: base)
        }
    }

    private mutating func read(_ reader: SettingsReader, base: String) throws {
        try readSources(reader, base: base)
        try readTraining(reader)
        try readAugmentation(reader)
        try readTerms(reader)
    }

    private mutating func readSources(_ reader: SettingsReader, base: String) throws {
        func path(_ text: String) -> String {
            URL(filePath: text, relativeTo: URL(filePath: base, directoryHint: .isDirectory)).path
        }
        if let name = try reader.text("model") { model = name.contains("/") ? path(name) : name }
        if let value = try reader.bool("from_scratch") { isFromScratch = value }
        if let block = try reader.block("geometry", keys: Self.geometryKeys) {
            geometry = try Self.geometry(block)
        }
        if let value: TemporalStart = try reader.choice("temporal") { temporal = value }
        if let words = try reader.lines("freeze") {
            frozen = Set(
                try words.map { word in
                    guard let part = ParameterName.Part(rawValue: word) else {
                        let all = ParameterName.Part.allCases.map(\.rawValue).joined(separator: ", ")
                        throw reader.error("freeze", "expected some of \(all), found \"\(word.escapedForLog)\"")
                    }
                    return part
                })
        }
        if let value = try reader.directory("data", base: base) { data = value }
        if let value = try reader.directory("list", base: base) { list = value }
        if let value = try reader.directory("val_data", base: base) { valData = value }
        if let value = try reader.directory("val", base: base) { val = value }
        if let value = try reader.directory("labels", base: base) { labels = value }
        if let value = try reader.directory("output", base: base) { output = value }
        if let value = try reader.lines("templates") {
            if value.isEmpty { throw reader.error("templates", "expected at least one sentence with {} for the class") }
            for text in value where text.components(separatedBy: "{}").count != 2 {
                throw reader.error("templates", "\"\(text.escapedForLog)\" does not hold {} exactly once")
            }
            templates = value
        }
        if let value = try reader.lines("prompts") { prompts = value.map(path) }
        if let value = try reader.integer("frames", in: 1...1024) { frames = value }
        if let value = try reader.integer("image", in: 1...4096) { image = value }
        if let value = try reader.integer("patch", in: 1...4096) { patch = value }
        if let value: KroneckerMask = try reader.choice("mask") { mask = value }
    }

    private mutating func readTraining(_ reader: SettingsReader) throws {
        if let value = try reader.integer("epochs", in: 1...100_000) { epochs = value }
        try reader.set(&warmUpEpochs, "warm_up_epochs", in: 0...100_000)
        try reader.set(&rate, "rate", in: 0...1e30)
        try reader.set(&floor, "floor", in: 0...1)
        if let value = try reader.integer("total_batch", in: 1...1_000_000) { totalBatch = value }
        if let value = try reader.integer("batch", in: 1...100_000) { batch = value }
        try reader.set(&optimizer.temporalFactor, "temporal_factor", in: 0...1e6)
        try reader.set(&optimizer.layerDecay, "layer_decay", in: 0...1)
        try reader.set(&optimizer.weightDecay, "weight_decay", in: 0...1e3)
        try reader.set(&optimizer.epsilon, "epsilon", in: 1e-20...1)
        if let values = try reader.numbers("betas", in: 0...1) {
            guard values.count == 2, values.allSatisfy({ $0 < 1 }) else {
                throw reader.error("betas", "expected two numbers below 1, such as [0.9, 0.98]")
            }
            (optimizer.beta1, optimizer.beta2) = (values[0], values[1])
        }
        try reader.setOptional(&optimizer.gradientLimit, "clip_norm", in: 1e-9...1e9)
        try reader.setOptional(&averageDecay, "average", in: 0...0.999999)
        try reader.set(&dropPath, "drop_path", in: 0...0.99)
        try reader.set(&smoothing, "label_smoothing", in: 0...1)
        try reader.set(&mixing.mixup, "mixup", in: 0...1e3)
        try reader.set(&mixing.cutmix, "cutmix", in: 0...1e3)
        try reader.set(&mixing.switchProbability, "switch_probability", in: 0...1)
        if let value = try reader.integer("prompts_per_step", in: 1...10_000) { promptsPerStep = value }
        try reader.setOptional(&scaleLimit, "scale_limit", in: 1e-3...1e9)
        if let value = try reader.bool("checkpointing") { isCheckpointing = value }
        if let text = try reader.text("precision") {
            guard let value = Precision(rawValue: text), value == .f32 || value == .bf16 else {
                throw reader.error("precision", "training is in f32 or bf16, not in \"\(text.escapedForLog)\"")
            }
            precision = value
        }
        if let value = try reader.integer("seed", in: 0...Int.max) { seed = UInt64(value) }
        if let block = try reader.block("text_warm_up", keys: Self.warmUpKeys) {
            if let value = try block.integer("updates", in: 1...1_000_000) { warmUp.updates = value }
            try block.set(&warmUp.rate, "rate", in: 0...1)
            try block.set(&warmUp.temperature, "temperature", in: 1e-6...1e3)
        }
    }

    private mutating func readAugmentation(_ reader: SettingsReader) throws {
        if let value: AugmentationOptions.Crop = try reader.choice("crop") { augmentation.crop = value }
        if let values = try reader.numbers("scales", in: 0.01...1) {
            guard !values.isEmpty, values == values.sorted(by: >) else {
                throw reader.error("scales", "expected falling numbers, such as [1, 0.875, 0.75, 0.66]")
            }
            augmentation.scales = values
        }
        try reader.set(&augmentation.flip, "flip", in: 0...1)
        try reader.set(&augmentation.jitter, "jitter", in: 0...1)
        try reader.set(&augmentation.brightness, "brightness", in: 0...10)
        try reader.set(&augmentation.contrast, "contrast", in: 0...10)
        try reader.set(&augmentation.saturation, "saturation", in: 0...10)
        try reader.set(&augmentation.hue, "hue", in: 0...0.5)
        try reader.set(&augmentation.grey, "grey", in: 0...1)
    }

    private mutating func readTerms(_ reader: SettingsReader) throws {
        if reader.has("features") {
            let count = try reader.integer("features", in: 0...1000)
            featureViews = count == 0 ? nil : count
        }
        if let value = try reader.byteCount("features_limit") { featureLimit = value }
        if let value = try reader.byteCount("memory") { memory = value }
        if let value = try reader.text("views") { views = value }
        if let value = try reader.duration("checkpoint_every", in: .zero...(.seconds(1_000_000))) {
            checkpointEvery = value
        }
        if let value = try reader.share("max_bad") { maxBad = value }
        if let value = try reader.integer("workers", in: 1...1024) { workers = value }
        if let value = try reader.integer("readers", in: 1...256) { readers = value }
    }

    private static func geometry(_ block: SettingsReader) throws -> ModelGeometry {
        func size(_ key: String) throws -> Int {
            guard let value = try block.integer(key, in: 1...1_000_000) else {
                throw block.error(key, "missing; this key is required")
            }
            return value
        }
        let layers = try size("vision_layers")
        let geometry = ModelGeometry(
            imageSize: try size("image_size"), patchSize: try size("patch_size"), frames: try size("frames"),
            visionWidth: try size("vision_width"), visionLayers: layers,
            temporalLayers: block.has("temporal_layers") ? try size("temporal_layers") : layers / 3,
            embeddingWidth: try size("embed_dim"), textWidth: try size("text_width"),
            textLayers: try size("text_layers"),
            contextLength: block.has("context_length") ? try size("context_length") : 77,
            vocabularySize: Tokenizer.bytes.vocabularySize, mask: try block.choice("mask") ?? .kmt)
        if let fault = geometry.fault { throw block.error(fault.key, fault.reason) }
        return geometry
    }
}

extension SettingsReader {
    fileprivate func set(_ value: inout Double, _ key: String, in range: ClosedRange<Double>) throws {
        if let number = try number(key, in: range) { value = number }
    }

    /// The same for a setting that `none` takes away.
    fileprivate func setOptional(_ value: inout Double?, _ key: String, in range: ClosedRange<Double>) throws {
        if case .scalar("none", quoted: false, _)? = node(key) { return value = nil }
        do {
            if let number = try number(key, in: range) { value = number }
        } catch let error as SettingsError {
            throw self.error(key, error.reason + "; none takes it away")
        }
    }

    fileprivate func numbers(_ key: String, in range: ClosedRange<Double>) throws -> [Double]? {
        try list(key)?.map { node in
            guard case .scalar(let text, quoted: false, _) = node, let value = Double(text), range.contains(value)
            else { throw error(key, "expected numbers in \(range.lowerBound) ... \(range.upperBound)") }
            return value
        }
    }

    /// Bytes, with the unit MB or GB of 2^20 and 2^30 bytes.
    fileprivate func byteCount(_ key: String) throws -> Int? {
        guard let text = try text(key) else { return nil }
        for (unit, shift) in [("GB", 30), ("MB", 20)] where text.hasSuffix(unit) {
            if let count = Int(text.dropLast(2)), (0...1_000_000).contains(count) { return count << shift }
        }
        throw error(
            key,
            "expected a size such as 500MB, 2GB or 0MB, at most 1000000GB, found \"\(text.escapedForLog)\""
        )
    }
}
