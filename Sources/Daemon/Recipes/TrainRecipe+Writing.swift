import Foundation
import Pipeline
import Recognizer

/// A training's settings written out, every key with its value.
extension TrainRecipe {
    /// What changes no number of a run: where things lie, how much memory and how many threads there are. The files that are read
    /// are compared by content.
    static let freeKeys: Set<String> = [
        "model", "data", "list", "val_data", "val", "labels", "prompts", "output", "features_limit", "memory",
        "checkpoint_every", "max_bad", "workers", "readers",
    ]

    /// YAML that `read` takes back.
    var yaml: String {
        get throws { try SettingsWriter.yaml(.mapping(entries, at: Self.nowhere)) }
    }

    init(yaml text: String, file: String) throws {
        self.init()
        try read(text: text, file: file)
    }

    /// What decides a run's numbers and is not the same in another recipe, a sentence each.
    func differences(from other: TrainRecipe) throws -> [String] {
        func values(_ recipe: TrainRecipe) -> [String: String] {
            var out: [String: String] = [:]
            for entry in recipe.entries where !Self.freeKeys.contains(entry.key) {
                out[entry.key] = SettingsWriter.json(entry.value).pretty.split(separator: "\n")
                    .map { $0.trimmingCharacters(in: .whitespaces) }.joined(separator: " ").replacing("\"", with: "")
            }
            return out
        }
        let (here, there) = (values(self), values(other))
        return Set(here.keys).union(there.keys).sorted().compactMap { key in
            let pair = (there[key] ?? "not set", here[key] ?? "not set")
            return pair.0 == pair.1 ? nil : "\(key): \(pair.0) there, \(pair.1) here"
        }
    }

    private static let nowhere = SettingsMark(line: 1, column: 1)

    private static func text(_ value: String) -> SettingsNode { .scalar(value, quoted: true, at: nowhere) }
    private static func plain(_ value: some CustomStringConvertible) -> SettingsNode {
        .scalar("\(value)", quoted: false, at: nowhere)
    }
    private static func list(_ values: [SettingsNode]) -> SettingsNode { .sequence(values, at: nowhere) }
    private static func size(_ bytes: Int) -> SettingsNode {
        plain(bytes.isMultiple(of: 1 << 30) ? "\(bytes >> 30)GB" : "\(bytes >> 20)MB")
    }
    /// Without an exponent, which a share cannot have.
    private static func share(_ value: Double) -> SettingsNode {
        let text = "\(value)"
        return plain(text.contains("e") ? String(format: "%.25f", value) : text)
    }
    private static func block(_ pairs: [(String, SettingsNode)]) -> SettingsNode {
        .mapping(
            pairs.map { SettingsNode.Entry(key: $0, keyMark: nowhere, value: $1) }, at: nowhere)
    }

    private var entries: [SettingsNode.Entry] {
        let pairs = sources + training + terms
        return pairs.compactMap { key, value in
            value.map { SettingsNode.Entry(key: key, keyMark: Self.nowhere, value: $0) }
        }
    }

    private var sources: [(String, SettingsNode?)] {
        [
            ("model", model.map(Self.text)), ("from_scratch", Self.plain(isFromScratch)),
            ("geometry", geometry.map(Self.node)), ("temporal", Self.plain(temporal.rawValue)),
            ("freeze", Self.list(frozen.map(\.rawValue).sorted().map(Self.text))), ("data", data.map(Self.text)),
            ("list", list.map(Self.text)), ("val_data", valData.map(Self.text)), ("val", val.map(Self.text)),
            ("labels", labels.map(Self.text)), ("templates", templates.map { Self.list($0.map(Self.text)) }),
            ("prompts", prompts.map { Self.list($0.map(Self.text)) }), ("output", output.map(Self.text)),
            ("frames", frames.map(Self.plain)), ("image", image.map(Self.plain)), ("patch", patch.map(Self.plain)),
            ("mask", mask.map { Self.plain($0.rawValue) }),
        ]
    }

    private var training: [(String, SettingsNode?)] {
        let none = Self.plain("none")
        return [
            ("epochs", Self.plain(epochs)), ("warm_up_epochs", Self.plain(warmUpEpochs)), ("rate", Self.plain(rate)),
            ("floor", Self.plain(floor)), ("total_batch", Self.plain(totalBatch)), ("batch", Self.plain(batch)),
            ("temporal_factor", Self.plain(optimizer.temporalFactor)),
            ("layer_decay", Self.plain(optimizer.layerDecay)),
            ("weight_decay", Self.plain(optimizer.weightDecay)),
            ("betas", Self.list([Self.plain(optimizer.beta1), Self.plain(optimizer.beta2)])),
            ("epsilon", Self.plain(optimizer.epsilon)),
            ("clip_norm", optimizer.gradientLimit.map(Self.plain) ?? none),
            ("average", averageDecay.map(Self.plain) ?? none), ("drop_path", Self.plain(dropPath)),
            ("label_smoothing", Self.plain(smoothing)), ("mixup", Self.plain(mixing.mixup)),
            ("cutmix", Self.plain(mixing.cutmix)), ("switch_probability", Self.plain(mixing.switchProbability)),
            ("prompts_per_step", Self.plain(promptsPerStep)), ("scale_limit", scaleLimit.map(Self.plain) ?? none),
            ("crop", Self.plain(augmentation.crop.rawValue)),
            ("scales", Self.list(augmentation.scales.map(Self.plain))), ("flip", Self.plain(augmentation.flip)),
            ("jitter", Self.plain(augmentation.jitter)), ("brightness", Self.plain(augmentation.brightness)),
            ("contrast", Self.plain(augmentation.contrast)), ("saturation", Self.plain(augmentation.saturation)),
            ("hue", Self.plain(augmentation.hue)), ("grey", Self.plain(augmentation.grey)),
            ("checkpointing", Self.plain(isCheckpointing)), ("precision", Self.plain(precision.rawValue)),
            ("seed", Self.plain(seed)),
            (
                "text_warm_up",
                Self.block([
                    ("updates", Self.plain(warmUp.updates)), ("rate", Self.plain(warmUp.rate)),
                    ("temperature", Self.plain(warmUp.temperature)),
                ])
            ), ("features", Self.plain(featureViews ?? 0)),
        ]
    }

    private var terms: [(String, SettingsNode?)] {
        [
            ("features_limit", Self.size(featureLimit)), ("memory", Self.size(memory)), ("views", Self.text(views)),
            ("checkpoint_every", Self.plain(checkpointEvery.settingText)), ("max_bad", Self.share(maxBad)),
            ("workers", workers.map(Self.plain)), ("readers", readers.map(Self.plain)),
        ]
    }

    private static func node(_ geometry: ModelGeometry) -> SettingsNode {
        block(sizes(geometry).map { ($0.key, plain($0.value)) })
    }

    /// What `geometry` says, by its keys.
    static func sizes(_ geometry: ModelGeometry) -> [(key: String, value: String)] {
        let sizes = [
            ("image_size", geometry.imageSize), ("patch_size", geometry.patchSize), ("frames", geometry.frames),
            ("vision_width", geometry.visionWidth), ("vision_layers", geometry.visionLayers),
            ("temporal_layers", geometry.temporalLayers), ("embed_dim", geometry.embeddingWidth),
            ("text_width", geometry.textWidth), ("text_layers", geometry.textLayers),
            ("context_length", geometry.contextLength),
        ]
        return sizes.map { ($0.0, "\($0.1)") } + [("mask", geometry.mask.rawValue)]
    }
}
