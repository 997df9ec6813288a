import Foundation
import Pipeline
import Recognizer

/// Where a training begins: weights, and what the trained model's directory says besides.
struct TrainingStart {
    /// The model taken; nil from nothing.
    private let directory: ModelDirectory?
    private let recipe: TrainRecipe
    let config: ModelConfig
    let mergesPath: String?
    /// Sentences by class id, as the model directory will have them.
    let prompts: [[String]]
    /// SHA-256 of the weights taken; nil from scratch.
    let digest: String?

    /// - Throws: what is wrong with the model or with the labels.
    init(_ recipe: TrainRecipe) throws {
        self.recipe = recipe
        directory = try recipe.model.map { try ModelDirectory.open(try ModelPath.fromHere($0)) }
        var config: ModelConfig
        if recipe.isFromScratch {
            guard let geometry = recipe.geometry ?? directory?.config.geometry else {
                throw CommandFailure(.usage, "from scratch, but no geometry is said")
            }
            config = directory?.config ?? Self.scratch(geometry)
            config.provenance = nil
            mergesPath = directory?.mergesPath
            digest = nil
        } else {
            guard let directory else { throw CommandFailure(.usage, "no model to start from is said") }
            config = directory.config
            if let geometry = recipe.geometry { try Self.check(config, geometry) }
            mergesPath = directory.mergesPath
            digest = directory.weightsDigest
        }
        try recipe.check(config.geometry, name: config.name)
        let labels = try EvalTexts.labels(recipe.labels, config)
        if let files = recipe.prompts {
            let families = try files.map { try EvalTexts.family($0, classes: labels.count) }
            prompts = labels.indices.map { label in families.flatMap { $0[label] } }
        } else {
            prompts = labels == config.labels ? directory?.prompts ?? [] : []
        }
        config.ignore = config.ignore.filter(labels.contains)
        config.labels = labels
        if let templates = recipe.templates { config.templates = templates }
        // What was found out about other weights.
        (config.bf16, config.int8) = (nil, nil)
        self.config = config
    }

    /// The weights to begin with, drawn or read anew at each call.
    func weights() -> StateDict {
        let model = recipe.isFromScratch ? nil : directory?.weights
        return recipe.temporal.applied(
            to: model ?? InitialWeights.random(config.geometry, seed: recipe.seed), config.geometry, seed: recipe.seed)
    }

    /// Throws if a model that is there already has other sizes than those that are said.
    private static func check(_ config: ModelConfig, _ wanted: ModelGeometry) throws {
        let faults = zip(TrainRecipe.sizes(config.geometry), TrainRecipe.sizes(wanted)).compactMap { found, wanted in
            found.value == wanted.value ? nil : "\(found.key) \(found.value) instead of \(wanted.value)"
        }
        guard faults.isEmpty else {
            throw CommandFailure(
                .dataError,
                "model \(config.name) is not what geometry says: \(faults.joined(separator: ", "));"
                    + " only from_scratch makes one of these sizes")
        }
    }

    private static func scratch(_ geometry: ModelGeometry) -> ModelConfig {
        ModelConfig(name: "scratch", geometry: geometry, tokenizer: .bytes)
    }
}

extension ModelConfig {
    /// What decides, besides weights and labels, what a training does with a model: names with values, always in the same order.
    var trainingTraits: [String] {
        TrainRecipe.sizes(geometry).map { "\($0.key) \($0.value)" } + ["mean \(mean)", "deviation \(deviation)"]
    }
}
