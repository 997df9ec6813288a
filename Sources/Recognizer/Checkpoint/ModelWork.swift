/// Multiply-adds of a model's video part.
package struct ModelWork: Sendable {
    /// A count of multiply-adds, the attention products (queries by keys, weights by values) apart.
    package struct Count: Sendable, Equatable {
        package var linear: Int
        package var attention: Int

        static func + (a: Count, b: Count) -> Count {
            Count(linear: a.linear + b.linear, attention: a.attention + b.attention)
        }

        static func * (count: Count, factor: Int) -> Count {
            Count(linear: count.linear * factor, attention: count.attention * factor)
        }

        package var cost: ModelReport.Cost {
            ModelReport.Cost(withAttention: Double(linear + attention) / 1e9, withoutAttention: Double(linear) / 1e9)
        }
    }

    private let geometry: ModelGeometry

    package init(_ geometry: ModelGeometry) { self.geometry = geometry }

    /// One block over `tokens` that all see each other.
    private func block(tokens: Int) -> Count {
        let width = geometry.visionWidth
        return Count(linear: 12 * width * width * tokens, attention: 2 * tokens * tokens * width)
    }

    /// Patch embedding and spatial blocks of one frame.
    private var frame: Count {
        let patches = Count(linear: geometry.patches * geometry.patchValues * geometry.visionWidth, attention: 0)
        return patches + block(tokens: geometry.tokens) * geometry.visionLayers
    }

    private var head: Count {
        Count(linear: geometry.frames * geometry.visionWidth * geometry.embeddingWidth, attention: 0)
    }

    /// One window computed from its pixels.
    package var window: Count {
        frame * geometry.frames + block(tokens: geometry.frames * geometry.tokens) * geometry.temporalLayers + head
    }

    /// One window of a stream that moves by `hop` frames: only new frames pass the spatial blocks, and the last temporal
    /// block computes nothing but keys and values, except for the class rows.
    package func stream(hop: Int) -> Count {
        let spatial = frame * min(hop, geometry.frames)
        let tokens = geometry.frames * geometry.tokens
        let width = geometry.visionWidth
        let full = block(tokens: tokens) * (geometry.temporalLayers - 1)
        let last = Count(
            linear: 2 * width * width * tokens + 10 * width * width * geometry.frames,
            attention: 2 * geometry.frames * tokens * width)
        return spatial + full + last + head
    }
}
