/// What a parameter's name in the authors' state dict says about it.
package enum ParameterName {
    /// Parts of the model that are trained or frozen together.
    package enum Part: String, Sendable, CaseIterable {
        case spatial, temporal, head, text, scale
    }

    package static func part(_ name: String) -> Part {
        if name == "logit_scale" { return .scale }
        guard name.hasPrefix("visual.") else { return .text }
        if ModelTensors.isTemporal(name) { return .temporal }
        return name == "visual.proj" || name.hasPrefix("visual.ln_post.") ? .head : .spatial
    }

    /// The number of the transformer block that a parameter belongs to.
    package static func block(_ name: String) -> Int? {
        guard let range = name.firstRange(of: "resblocks.") else { return nil }
        return Int(name[range.upperBound...].prefix { $0 != "." })
    }

    /// Blocks between a parameter and the end of its tower: 0 for heads, temporal blocks and the scale, one more for each spatial
    /// (or text) block, and one more again for embeddings.
    package static func distanceFromHead(_ name: String, _ geometry: ModelGeometry) -> Int {
        switch part(name) {
        case .temporal, .head, .scale: 0
        case .spatial: geometry.visionLayers - (block(name) ?? -1)
        case .text:
            name == "text_projection" || name.hasPrefix("ln_final.") ? 0 : geometry.textLayers - (block(name) ?? -1)
        }
    }

    /// Whether the learning rate of the temporal part applies.
    package static func isTemporal(_ name: String) -> Bool { name.contains("temporal_") }

    /// Whether the gradient is a sum over rows that one layer makes at once: that of a matrix that rows are multiplied with.
    static func isSummed(_ name: String, shape: [Int]) -> Bool {
        shape.count > 1 && !name.contains("embedding")
    }

    /// Whether weight decay applies: neither to vectors and scalars nor to positional embeddings.
    package static func isDecayed(_ name: String, shape: [Int]) -> Bool {
        shape.count > 1 && !name.hasSuffix(".bias") && !name.contains("positional_embedding")
    }
}
