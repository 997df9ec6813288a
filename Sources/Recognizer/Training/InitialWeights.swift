import Foundation

/// Weights to begin from when there is no model: CLIP's own scheme, and token embeddings wide enough that different words start
/// apart.
package enum InitialWeights {
    /// The parameters of a model for which `includes` holds, in float32; the same for the same seed, whichever they are.
    package static func random(
        _ geometry: ModelGeometry, seed: UInt64, where includes: (String) -> Bool = { _ in true }
    ) -> StateDict {
        var tensors: [String: StoredTensor] = [:]
        for (index, entry) in ParameterLayout(geometry).entries.enumerated() where includes(entry.name) {
            var random = CounterRandom(seed: seed, .initialisation, index)
            let count = entry.count
            let values: [Float]
            switch start(of: entry.name, geometry) {
            case .constant(let value): values = [Float](repeating: value, count: count)
            case .normal(let deviation): values = (0..<count).map { _ in Float(random.normal() * deviation) }
            case .uniform(let limit): values = (0..<count).map { _ in Float((2 * random.unit() - 1) * limit) }
            }
            tensors[entry.name] = StoredTensor(Tensor(shape: entry.shape, values: values))
        }
        return StateDict(tensors: tensors)
    }

    private enum Start {
        case constant(Float)
        case normal(deviation: Double)
        case uniform(limit: Double)
    }

    private static func start(of name: String, _ geometry: ModelGeometry) -> Start {
        let isVision = name.hasPrefix("visual.")
        let narrow = 1 / Double(isVision ? geometry.visionWidth : geometry.textWidth).squareRoot()
        switch name {
        case "logit_scale": return .constant(Float(log(1 / 0.07)))
        case "token_embedding.weight": return .normal(deviation: 0.2)
        case "positional_embedding": return .normal(deviation: 0.1)
        case "text_projection", "visual.proj", "visual.class_embedding", "visual.positional_embedding":
            return .normal(deviation: narrow)
        case "visual.temporal_embedding": return .normal(deviation: 0.02)
        case "visual.conv1.weight": return .uniform(limit: 1 / Double(geometry.patchValues).squareRoot())
        default: break
        }
        if name.hasSuffix("bias") { return .constant(0) }
        if name.contains("ln_") { return .constant(1) }
        let depth =
            name.hasPrefix("visual.transformer_t.")
            ? geometry.temporalLayers : isVision ? geometry.visionLayers : geometry.textLayers
        if name.hasSuffix("attn.in_proj_weight") { return .normal(deviation: narrow) }
        if name.hasSuffix("mlp.c_fc.weight") { return .normal(deviation: narrow / 2.0.squareRoot()) }
        return .normal(deviation: narrow / Double(2 * depth).squareRoot())
    }
}
