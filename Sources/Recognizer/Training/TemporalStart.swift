/// What a model's temporal part is when its training begins.
package enum TemporalStart: String, Sendable, CaseIterable {
    /// As the model has it.
    case keep
    /// Begun so that it changes nothing: zero output projections and temporal embedding.
    case identity
    /// Drawn as all weights of a training from scratch.
    case random

    /// The weights (of a whole model) with that temporal part.
    package func applied(to weights: StateDict, _ geometry: ModelGeometry, seed: UInt64) -> StateDict {
        let temporal: [String: StoredTensor]
        switch self {
        case .keep: return weights
        case .identity: temporal = IdentityBlocks.tensors(geometry, type: .float32)
        case .random:
            temporal = InitialWeights.random(geometry, seed: seed, where: ModelTensors.isTemporal).tensors
        }
        var out = weights
        out.tensors.merge(temporal) { _, new in new }
        return out
    }
}
