/// What a model is, what a window costs and what it takes in memory: computed from the geometry, as `inspect` prints it.
package struct ModelReport: Sendable, Encodable {
    package struct Parameters: Sendable, Encodable {
        package let spatial: Int
        package let temporal: Int
        package let text: Int
        package var total: Int { spatial + temporal + text }
    }

    /// Billions of multiply-adds.
    package struct Cost: Sendable, Encodable {
        /// Everything, with the products of queries, keys and values counted densely (the mask saves a frame in T).
        package let withAttention: Double
        /// The same without those products.
        package let withoutAttention: Double
    }

    package struct StreamCost: Sendable, Encodable {
        /// New frames per window.
        package let hop: Int
        package let cost: Cost
        /// How many times cheaper than computing the window anew, attention included.
        package let gain: Double
    }

    package struct Memory: Sendable, Encodable {
        /// Bytes of the stored weights by element type.
        package let weights: [String: Int]
        /// Bytes of all weights as float32, as they are computed with.
        package let weightsFloat32: Int
        /// Bytes kept of one window's frames for a stream: features (T, L, D) and the first temporal block's product
        /// (T, L, 3D).
        package let windowFeatures: Int
        /// Bytes of one temporal block's activations for one window: tokens, queries, keys, values, hidden layer.
        package let activations: Int
    }

    package let name: String
    /// Keys as in `config.json`.
    package let geometry: [String: Int]
    package let mask: String
    package let tokenizer: String
    package let labels: Int
    package let weightsDigest: String
    package let parameters: Parameters
    package let window: Cost
    package let stream: [StreamCost]
    package let memory: Memory

    package init(_ model: ModelDirectory) {
        let geometry = model.config.geometry
        name = model.config.name
        self.geometry = [
            "image_size": geometry.imageSize, "patch_size": geometry.patchSize, "frames": geometry.frames,
            "vision_width": geometry.visionWidth, "vision_layers": geometry.visionLayers,
            "temporal_layers": geometry.temporalLayers, "embed_dim": geometry.embeddingWidth,
            "text_width": geometry.textWidth, "text_layers": geometry.textLayers,
            "context_length": geometry.contextLength, "vocab_size": geometry.vocabularySize,
        ]
        mask = geometry.mask.rawValue
        tokenizer = model.config.tokenizer.rawValue
        labels = model.config.labels.count
        weightsDigest = model.weightsDigest
        parameters = Self.parameters(geometry)
        let work = ModelWork(geometry)
        window = work.window.cost
        stream = [1, 2, 4, 8].filter { $0 <= geometry.frames }.map { hop in
            let cost = work.stream(hop: hop).cost
            return StreamCost(hop: hop, cost: cost, gain: work.window.cost.withAttention / cost.withAttention)
        }
        memory = Self.memory(model.weights, geometry)
    }

    private static func parameters(_ geometry: ModelGeometry) -> Parameters {
        var (spatial, temporal, text) = (0, 0, 0)
        for (name, shape) in ModelTensors.shapes(of: geometry) {
            let count = shape.reduce(1, *)
            if ModelTensors.isTemporal(name) {
                temporal += count
            } else if name.hasPrefix("visual.") {
                spatial += count
            } else {
                text += count
            }
        }
        return Parameters(spatial: spatial, temporal: temporal, text: text)
    }

    private static func memory(_ weights: StateDict, _ geometry: ModelGeometry) -> Memory {
        var bytes: [String: Int] = [:]
        for tensor in weights.tensors.values { bytes[tensor.type.rawValue, default: 0] += tensor.range.count }
        let features = geometry.frames * geometry.tokens * geometry.visionWidth * 4
        return Memory(
            weights: bytes, weightsFloat32: weights.tensors.values.reduce(0) { $0 + $1.elementCount * 4 },
            windowFeatures: features * (geometry.temporalLayers > 1 ? 4 : 1), activations: features * (1 + 3 + 4))
    }
}
