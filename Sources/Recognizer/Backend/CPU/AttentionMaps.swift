/// Where the class tokens of a window look.
package struct WindowAttention: Sendable {
    /// T
    package let frames: Int
    /// L
    package let tokens: Int
    /// (T, T, L): how much the class token of each frame looks at each token of each frame in the last temporal block, mean
    /// over the heads. A row of T*L sums to one; a frame's own tokens are zero but for the class token itself.
    package let temporal: [Float]
    /// (T, L): how much of each token of a frame reaches its class token through the spatial blocks, by attention rollout
    /// (Abnar and Zuidema 2020): the product over the blocks of (mean over heads + identity) / 2. A row sums to one.
    package let spatial: [Float]
    /// (T, L, D): the frames' features behind the spatial blocks, and (T, E) their class embeddings behind the temporal ones:
    /// what the probabilities lead to, for comparison with the tower's.
    package let spatialFeatures: [Float]
    package let frameFeatures: [Float]

    /// (N): how much the class tokens of all frames look at the patches of one, mean over the class tokens.
    package func temporalMap(frame: Int) -> [Float] {
        (1..<tokens).map { token in
            (0..<frames).reduce(0) { $0 + temporal[($1 * frames + frame) * tokens + token] } / Float(frames)
        }
    }

    /// (N): the rollout of one frame.
    package func spatialMap(frame: Int) -> [Float] { Array(spatial[frame * tokens + 1..<(frame + 1) * tokens]) }

    /// (T, T): how much the class token of a frame (row) looks at the tokens of another (column), its class token included.
    package func frameWeights() -> [[Float]] {
        (0..<frames).map { query in
            (0..<frames).map { frame in
                let begin = (query * frames + frame) * tokens
                return temporal[begin..<begin + tokens].reduce(0, +)
            }
        }
    }
}

/// A model's vision side laid open: recomputes windows one at a time with every attention probability at hand. For looking at
/// single windows; the towers are many times faster.
package final class AttentionMaps {
    private let geometry: ModelGeometry
    private let pool: WorkerPool
    private let patchEmbedding: any Linear
    /// (D)
    private let classEmbedding: Parameter
    /// (L, D)
    private let positions: Parameter
    /// (T, D)
    private let slotEmbedding: Parameter
    private let entryNorm: LayerNorm
    private let exitNorm: LayerNorm
    private let head: any Linear
    private let spatial: [OpenAttentionBlock]
    private let temporal: [OpenAttentionBlock]

    /// - Throws: `RecognizerError` when a tensor is missing or has another shape than the geometry says.
    package init(weights: ModelWeights, geometry: ModelGeometry, pool: WorkerPool) throws {
        let (width, patch, factory) = (geometry.visionWidth, geometry.patchSize, OpenBLAS())
        self.geometry = geometry
        self.pool = pool
        patchEmbedding = factory.makeLinear(
            try weights.parameter("visual.conv1.weight", width, 3, patch, patch), outputs: width,
            inputs: geometry.patchValues)
        classEmbedding = try weights.parameter("visual.class_embedding", width)
        positions = try weights.parameter("visual.positional_embedding", geometry.tokens, width)
        slotEmbedding = try weights.parameter("visual.temporal_embedding", 1, geometry.frames, width)
        entryNorm = try LayerNorm(weights, "visual.ln_pre", width: width)
        exitNorm = try LayerNorm(weights, "visual.ln_post", width: width)
        let projection = try weights.parameter("visual.proj", width, geometry.embeddingWidth)
        head = factory.makeLinear(
            projection.transposed(rows: width, columns: geometry.embeddingWidth),
            outputs: geometry.embeddingWidth, inputs: width)
        spatial = try (0..<geometry.visionLayers).map {
            try OpenAttentionBlock(
                weights, part: "visual.transformer.resblocks.\($0).", width: width, factory: factory)
        }
        temporal = try (0..<geometry.temporalLayers).map {
            try OpenAttentionBlock(
                weights, part: "visual.transformer_t.resblocks.\($0).temporal_", width: width, factory: factory)
        }
    }

    /// - Parameter patches: (T, N, 3*P*P), normalised, as `RecognizerSession.encodeFrames` takes them.
    package func window(_ patches: [Float]) -> WindowAttention {
        let (frames, tokens, width) = (geometry.frames, geometry.tokens, geometry.visionWidth)
        let perFrame = geometry.patches * geometry.patchValues
        precondition(patches.count == frames * perFrame, "\(patches.count) values of patches")
        let stream = FloatBuffer(count: frames * tokens * width)
        var rollout: [Float] = []
        for frame in 0..<frames {
            let (features, row) =
                patches.withUnsafeBufferPointer { values in
                    values.baseAddress.map { encode($0 + frame * perFrame) }
                } ?? (FloatBuffer(count: tokens * width), [])
            (stream.pointer + frame * tokens * width).update(from: features.pointer, count: tokens * width)
            rollout += row
        }
        let spatialFeatures = Array(UnsafeBufferPointer(start: stream.pointer, count: stream.count))
        let (features, probabilities) = join(stream)
        return WindowAttention(
            frames: frames, tokens: tokens, temporal: probabilities, spatial: rollout,
            spatialFeatures: spatialFeatures, frameFeatures: features)
    }

    /// A frame's patches (N, 3*P*P) through the spatial blocks: its features (L, D), and the rollout of its class token (L).
    private func encode(_ patches: UnsafePointer<Float>) -> (FloatBuffer, [Float]) {
        let (tokens, width) = (geometry.tokens, geometry.visionWidth)
        var x = FloatBuffer(count: tokens * width)
        patchEmbedding.forward(x.pointer + width, patches, rows: geometry.patches, epilogue: .store, pool: pool)
        for i in 0..<width { x.pointer[i] = classEmbedding.pointer[i] }
        for i in 0..<tokens * width { x.pointer[i] += positions.pointer[i] }
        entryNorm.forward(x.pointer, x.pointer, rows: tokens, pool: pool)
        var layers: [FloatBuffer] = []
        for block in spatial {
            let probabilities = FloatBuffer(count: tokens * tokens)
            x = block.forward(
                x, length: tokens, queries: Array(0..<tokens), hidden: { _ in 0..<0 }, probabilities: probabilities,
                pool: pool)
            layers.append(probabilities)
        }
        return (x, Self.rollout(layers, tokens: tokens))
    }

    /// The class token's row of the layers' product, from the last layer back: a row times a matrix each.
    ///
    /// - Parameter layers: (L, L) each, from the first block to the last.
    static func rollout(_ layers: [FloatBuffer], tokens: Int) -> [Float] {
        var row = [Float](repeating: 0, count: tokens)
        row[0] = 1
        for layer in layers.reversed() {
            var next = row.map { $0 / 2 }
            for query in 0..<tokens where row[query] != 0 {
                let share = row[query] / 2
                for key in 0..<tokens { next[key] += share * layer.pointer[query * tokens + key] }
            }
            row = next
        }
        return row
    }

    /// A window's features (T, L, D), changed in place, through the temporal blocks and the head: class embeddings (T, E), and
    /// the last block's probabilities (T, T, L).
    private func join(_ features: FloatBuffer) -> ([Float], [Float]) {
        let (frames, tokens, width) = (geometry.frames, geometry.tokens, geometry.visionWidth)
        let length = frames * tokens
        for row in 0..<length {
            let slot = slotEmbedding.pointer + row / tokens * width
            for i in 0..<width { features.pointer[row * width + i] += slot[i] }
        }
        let mask = geometry.mask
        let hidden = { (row: Int) -> Range<Int> in
            let first = row / tokens * tokens
            return first..<(mask == .kmt ? first + tokens : length)
        }
        let classRows = (0..<frames).map { $0 * tokens }
        let probabilities = FloatBuffer(count: frames * length)
        var x = features
        for (index, block) in temporal.enumerated() {
            let isLast = index == temporal.count - 1
            x = block.forward(
                x, length: length, queries: isLast ? classRows : Array(0..<length), hidden: hidden,
                probabilities: isLast ? probabilities : nil, pool: pool)
        }
        exitNorm.forward(x.pointer, x.pointer, rows: frames, pool: pool)
        let out = FloatBuffer(count: frames * geometry.embeddingWidth)
        head.forward(out.pointer, x.pointer, rows: frames, epilogue: .store, pool: pool)
        return (
            Array(UnsafeBufferPointer(start: out.pointer, count: out.count)),
            Array(UnsafeBufferPointer(start: probabilities.pointer, count: probabilities.count))
        )
    }
}
