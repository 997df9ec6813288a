/// Spatial and temporal blocks and the head, in float32 memory of its own. Nothing is allocated after `init`.
final class CPUVisionTower: VisionTower {
    private let geometry: ModelGeometry
    private let capacity: VisionCapacity
    private let pool: WorkerPool

    private let patchEmbedding: any Linear
    /// (D)
    private let classEmbedding: Parameter
    /// (L, D)
    private let positions: Parameter
    /// (T, D)
    private let slotEmbedding: Parameter
    private let entryNorm: LayerNorm
    private let spatial: [TransformerBlock]
    /// The first temporal block, unless it is the last one too.
    private let entry: EntryBlock?
    private let middle: [TransformerBlock]
    private let last: ClassTokenBlock
    private let exitNorm: LayerNorm
    private let head: any Linear

    /// (rows, D): the residual stream.
    private let stream: FloatBuffer
    /// (slots, L, D)
    private let features: FloatBuffer
    /// (slots, L, 3D), what `entry` keeps of each frame.
    private let projections: FloatBuffer
    /// (windows * T, D)
    private let classTokens: FloatBuffer
    private let pooling: PooledAttention.Scratch
    private let work: BlockWorkspace

    init(
        _ weights: ModelWeights, _ geometry: ModelGeometry, capacity: VisionCapacity, factory: any LinearFactory,
        pool: WorkerPool
    ) throws {
        let width = geometry.visionWidth
        self.geometry = geometry
        self.capacity = capacity
        self.pool = pool
        patchEmbedding = try factory.makeLinear(
            name: "visual.conv1",
            weight: try weights.parameter("visual.conv1.weight", width, 3, geometry.patchSize, geometry.patchSize),
            bias: nil, outputs: width, inputs: geometry.patchValues)
        classEmbedding = try weights.parameter("visual.class_embedding", width)
        positions = try weights.parameter("visual.positional_embedding", geometry.tokens, width)
        slotEmbedding = try weights.parameter("visual.temporal_embedding", 1, geometry.frames, width)
        entryNorm = try LayerNorm(weights, "visual.ln_pre", width: width)
        exitNorm = try LayerNorm(weights, "visual.ln_post", width: width)
        spatial = try (0..<geometry.visionLayers).map {
            try TransformerBlock(weights, part: "visual.transformer.resblocks.\($0).", width: width, factory: factory)
        }
        func temporalPart(_ layer: Int) -> String { "visual.transformer_t.resblocks.\(layer).temporal_" }
        let depth = geometry.temporalLayers
        entry =
            depth < 2
            ? nil
            : try EntryBlock(
                weights, part: temporalPart(0), width: width, slotEmbedding: slotEmbedding, frames: geometry.frames,
                factory: factory, pool: pool)
        middle = try (1..<max(depth - 1, 1)).map {
            try TransformerBlock(weights, part: temporalPart($0), width: width, factory: factory)
        }
        last = try ClassTokenBlock(weights, part: temporalPart(depth - 1), width: width, factory: factory)
        head = try factory.makeLinear(
            name: "visual.proj",
            weight: try weights.parameter("visual.proj", width, geometry.embeddingWidth)
                .transposed(rows: width, columns: geometry.embeddingWidth), bias: nil,
            outputs: geometry.embeddingWidth, inputs: width)

        let windowRows = geometry.frames * geometry.tokens
        let rows = max(capacity.frames * geometry.tokens, capacity.windows * windowRows)
        stream = FloatBuffer(count: rows * width)
        features = FloatBuffer(count: capacity.slots * geometry.tokens * width)
        projections = FloatBuffer(count: entry == nil ? 0 : capacity.slots * geometry.tokens * 3 * width)
        classTokens = FloatBuffer(count: capacity.windows * geometry.frames * width)
        pooling = PooledAttention.Scratch(
            windows: capacity.windows, frames: geometry.frames, tokens: geometry.tokens, width: width)
        work = BlockWorkspace(
            rows: rows, width: width, sequence: windowRows, attentionType: factory.attentionType, workers: pool.workers)
    }

    func encodeFrames(_ patches: UnsafePointer<Float>, count: Int, slots: UnsafePointer<Int>) {
        precondition(count <= capacity.frames, "\(count) frames in a batch of at most \(capacity.frames)")
        let (width, tokens) = (geometry.visionWidth, geometry.tokens)
        let embedded = work.spareRows
        patchEmbedding.forward(embedded, patches, rows: count * geometry.patches, epilogue: .store, pool: pool)
        let assembly = FrameAssembly(
            out: stream.pointer, embedded: embedded, classEmbedding: classEmbedding, positions: positions,
            tokens: tokens,
            width: width)
        pool.run(assembly, parts: count)
        entryNorm.forward(stream.pointer, stream.pointer, rows: count * tokens, pool: pool)
        for block in spatial {
            block.forward(stream.pointer, sequences: count, length: tokens, pattern: .full, work, pool)
        }
        for index in 0..<count {
            let frame = stream.pointer + index * tokens * width
            self[slot: slots[index]].update(from: frame, count: tokens * width)
            entry?.project(projections.pointer + slots[index] * tokens * 3 * width, frame, rows: tokens, pool)
        }
    }

    func encodeWindows(_ slots: UnsafePointer<Int>, count: Int, features out: UnsafeMutablePointer<Float>) {
        precondition(count <= capacity.windows, "\(count) windows in a batch of at most \(capacity.windows)")
        let (width, tokens, frames) = (geometry.visionWidth, geometry.tokens, geometry.frames)
        let join = WindowJoin(
            out: stream.pointer, features: features.pointer, slots: slots, slotEmbedding: slotEmbedding, frames: frames,
            tokens: tokens, width: width)
        pool.run(join, parts: count * frames)
        entry?.forward(
            stream.pointer, kept: projections.pointer, places: slots, windows: count, frames: frames, tokens: tokens,
            mask: geometry.mask, work, pool)
        for block in middle {
            block.forward(
                stream.pointer, sequences: count, length: frames * tokens,
                pattern: .kronecker(geometry.mask, frames: frames, tokens: tokens), work, pool)
        }
        let classRows = classTokens.pointer
        last.forward(
            classRows, stream.pointer, windows: count, frames: frames, tokens: tokens, mask: geometry.mask, pooling,
            work, pool)
        exitNorm.forward(classRows, classRows, rows: count * frames, pool: pool)
        head.forward(out, classRows, rows: count * frames, epilogue: .store, pool: pool)
    }

    func readFeatures(slot: Int, into out: UnsafeMutablePointer<Float>) {
        out.update(from: self[slot: slot], count: geometry.tokens * geometry.visionWidth)
    }

    private subscript(slot slot: Int) -> UnsafeMutablePointer<Float> {
        precondition(slot >= 0 && slot < capacity.slots, "slot \(slot) of \(capacity.slots)")
        return features.pointer + slot * geometry.tokens * geometry.visionWidth
    }
}

/// Puts class token and patches of a frame together and adds the positions; a part is a frame.
private struct FrameAssembly: ParallelJob {
    /// (F, L, D)
    let out: UnsafeMutablePointer<Float>
    /// (F, N, D)
    let embedded: UnsafePointer<Float>
    let classEmbedding: Parameter
    let positions: Parameter
    let tokens: Int
    let width: Int

    func run(part: Int, worker: Int) {
        let row = out + part * tokens * width
        let patches = embedded + part * (tokens - 1) * width
        let positions = positions.pointer
        for i in 0..<width { row[i] = classEmbedding.pointer[i] + positions[i] }
        for i in 0..<(tokens - 1) * width { row[width + i] = patches[i] + positions[width + i] }
    }
}

/// Copies kept features into windows and adds each slot's temporal embedding; a part is a frame of a window.
private struct WindowJoin: ParallelJob {
    /// (B, T, L, D)
    let out: UnsafeMutablePointer<Float>
    /// (slots, L, D)
    let features: UnsafePointer<Float>
    /// (B, T)
    let slots: UnsafePointer<Int>
    /// (T, D)
    let slotEmbedding: Parameter
    let frames: Int
    let tokens: Int
    let width: Int

    func run(part: Int, worker: Int) {
        let embedding = slotEmbedding.pointer + (part % frames) * width
        var to = out + part * tokens * width
        var from = features + slots[part] * tokens * width
        for _ in 0..<tokens {
            for i in 0..<width { to[i] = from[i] + embedding[i] }
            to += width
            from += width
        }
    }
}
