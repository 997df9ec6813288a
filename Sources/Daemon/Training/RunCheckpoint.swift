import Foundation
import Pipeline
import Recognizer

/// A run as it is kept to go on with: one file, so that it is there as a whole or not at all.
struct RunCheckpoint {
    let recipe: TrainRecipe
    let identity: RunIdentity
    let position: RunPosition
    let weights: StateDict
    let optimizerState: StateDict

    private static let optimizerPrefix = "optimizer."
    private static let format = "claverd-training-2"

    /// The weights that are measured and saved as model: the average where one is kept.
    var model: StateDict {
        var model = weights
        for (name, tensor) in optimizerState.tensors where name.hasPrefix(TrainingStep.averagePrefix) {
            model.tensors[String(name.dropFirst(TrainingStep.averagePrefix.count))] = tensor
        }
        return model
    }

    /// Writes beside the file that is there, which is replaced once everything is on the disk.
    func write(to path: String) throws {
        var state = StateDict(tensors: weights.tensors)
        for (name, tensor) in optimizerState.tensors { state.tensors[Self.optimizerPrefix + name] = tensor }
        for (key, value) in optimizerState.metadata { state.metadata[Self.optimizerPrefix + key] = value }
        state.metadata["format"] = Self.format
        state.metadata["recipe"] = try recipe.yaml
        state.metadata["identity"] = try Self.json(identity)
        state.metadata["position"] = try Self.json(position)
        try SafetensorsWriter.write(state, to: path, isSealed: true)
    }

    init(
        recipe: TrainRecipe, identity: RunIdentity, position: RunPosition, weights: StateDict, optimizerState: StateDict
    ) {
        self.recipe = recipe
        self.identity = identity
        self.position = position
        self.weights = weights
        self.optimizerState = optimizerState
    }

    init(path: String) throws {
        let state = try CheckpointReader.read(path)
        guard state.metadata["format"] == Self.format else {
            throw RecognizerError.malformed(path: path, reason: "not the checkpoint of a training by this version")
        }
        guard try SafetensorsSeal.isWhole(path) else {
            throw RecognizerError.malformed(path: path, reason: "it is damaged: its digest is of something else")
        }
        guard let text = state.metadata["recipe"],
            let identity: RunIdentity = Self.decoded(state.metadata["identity"]),
            let position: RunPosition = Self.decoded(state.metadata["position"])
        else {
            throw RecognizerError.malformed(
                path: path, reason: "the place in the training that it tells is not readable")
        }
        recipe = try TrainRecipe(yaml: text, file: path)
        self.identity = identity
        self.position = position
        var (weights, optimizer) = (StateDict(tensors: [:]), StateDict(tensors: [:]))
        for (name, tensor) in state.tensors {
            if name.hasPrefix(Self.optimizerPrefix) {
                optimizer.tensors[String(name.dropFirst(Self.optimizerPrefix.count))] = tensor
            } else {
                weights.tensors[name] = tensor
            }
        }
        for (key, value) in state.metadata where key.hasPrefix(Self.optimizerPrefix) {
            optimizer.metadata[String(key.dropFirst(Self.optimizerPrefix.count))] = value
        }
        self.weights = weights
        optimizerState = optimizer
    }

    /// Throws `CommandFailure` naming every difference, if the checkpoint is of another run.
    func requireRun(_ recipe: TrainRecipe, _ identity: RunIdentity, path: String) throws {
        let differences = try recipe.differences(from: self.recipe) + identity.differences(from: self.identity)
        guard differences.isEmpty else {
            throw CommandFailure(
                .dataError, "\(path) is of another run: \(differences.map(\.escapedForLog).joined(separator: "; "))")
        }
    }

    private static func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    private static func decoded<Value: Decodable>(_ text: String?) -> Value? {
        text.flatMap { try? JSONDecoder().decode(Value.self, from: Data($0.utf8)) }
    }
}
