import Foundation

/// A model directory ready to be used: what it says, its tokenizer, and the backend that runs it.
package struct Model: Sendable {
    package let directory: ModelDirectory
    package let tokenizer: Tokenizer
    package let backend: any Backend

    /// - Throws: `RecognizerError` for anything wrong with the directory.
    package init(path: String, backend: any Backend) throws {
        try self.init(ModelDirectory.open(path), backend: backend)
    }

    /// On the backend that is chosen for this model.
    package init(path: String, on choice: BackendChoice) throws {
        let directory = try ModelDirectory.open(path)
        try self.init(directory, backend: choice.backend(for: directory))
    }

    package init(_ directory: ModelDirectory, backend: any Backend) throws {
        self.directory = directory
        self.backend = backend
        tokenizer = try Tokenizer(directory: directory)
    }

    package var config: ModelConfig { directory.config }
    package var geometry: ModelGeometry { directory.config.geometry }

    /// Name and the beginning of the weights' digest, as events carry it.
    package var identity: String { "\(config.name)@\(directory.weightsDigest.prefix(12))" }

    private var weights: ModelWeights { ModelWeights(directory.weights, digest: directory.weightsDigest) }

    /// A session on this model's backend. Touches the vision weights only.
    package func makeSession(capacity: VisionCapacity) throws -> RecognizerSession {
        try RecognizerSession(weights: weights, geometry: geometry, backend: backend, capacity: capacity)
    }

    /// The vision side laid open, for looking at single windows; in float32, whatever the backend.
    package func makeAttentionMaps(pool: WorkerPool) throws -> AttentionMaps {
        try AttentionMaps(weights: weights, geometry: geometry, pool: pool)
    }

    /// An encoder of texts. Touches the text weights only.
    package func makeTextEncoder() throws -> TextEncoder {
        try TextEncoder(weights: weights, geometry: geometry, backend: backend)
    }

    /// The vocabulary of some actions.
    ///
    /// - Parameters:
    ///   - templates: sentences with `{}` for the action; nil for the model's own.
    ///   - cache: where features of the same texts may lie from an earlier run.
    /// - Throws: `RecognizerError` for a text that is empty or too long, a template without `{}`.
    package func vocabulary(
        _ actions: [ActionText], templates: [String]? = nil, cache: TextFeatureCache?
    ) throws -> Vocabulary {
        let prompts = try PromptSet(
            actions: actions, templates: templates ?? config.templates, tokenizer: tokenizer,
            contextLength: geometry.contextLength)
        let shape = [prompts.prompts.count, prompts.labels.count, geometry.embeddingWidth]
        var hash = SHA256()
        hash.update("\(directory.weightsDigest) \(tokenizer.digest) \(prompts.digest)")
        if let precision = backend.textPrecision { hash.update(" \(precision.rawValue)") }
        let key = SHA256.hex(hash.finalize())
        if let features = cache?.read(key: key, shape: shape) {
            return Vocabulary(labels: prompts.labels, features: features)
        }
        let features = try makeTextEncoder().unitFeatures(prompts.prompts.flatMap { $0 })
        let shaped = Tensor(shape: shape, values: features.values)
        cache?.write(shaped, key: key)
        return Vocabulary(labels: prompts.labels, features: shaped)
    }
}
