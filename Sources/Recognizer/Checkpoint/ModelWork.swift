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

        /// All multiply-adds.
        package var total: Int { linear + attention }

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

    /// What a stream computes once for each new frame: the spatial blocks, and the product of queries, keys and values that
    /// the first temporal block keeps.
    package var newFrame: Count {
        let kept = geometry.temporalLayers > 1 ? 3 * geometry.visionWidth * geometry.visionWidth * geometry.tokens : 0
        return frame + Count(linear: kept, attention: 0)
    }

    /// What a stream computes for each window from kept frames: the first temporal block without its product, the middle ones,
    /// and of the last one the class rows, keys and values absorbed into their queries.
    package var windowOfKeptFrames: Count {
        let (width, frames) = (geometry.visionWidth, geometry.frames)
        let tokens = frames * geometry.tokens
        var work = block(tokens: tokens) * (geometry.temporalLayers - 1)
        if geometry.temporalLayers > 1 { work.linear -= 3 * width * width * tokens }
        let last = Count(
            linear: 12 * width * width * frames, attention: 2 * frames * geometry.visionHeads * tokens * width)
        return work + last + head
    }

    /// One window of a stream that moves by `hop` frames.
    package func stream(hop: Int) -> Count { newFrame * min(hop, geometry.frames) + windowOfKeptFrames }
}
