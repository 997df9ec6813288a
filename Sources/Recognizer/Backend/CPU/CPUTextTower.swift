/// CLIP's causal text transformer. A text's feature stands at its end token and nothing behind that can reach it, so a batch
/// is computed only as far as its longest text.
final class CPUTextTower: TextTower {
    /// Texts at a time; sorted by length beforehand, a batch is nearly free of padding.
    private static let batch = 32

    private let geometry: ModelGeometry
    private let pool: WorkerPool
    /// (V, D)
    private let embedding: Parameter
    /// (K, D)
    private let positions: Parameter
    private let blocks: [TransformerBlock]
    private let norm: LayerNorm
    private let projection: any Linear
    /// (batch * K, D)
    private let stream: FloatBuffer
    /// (batch, D): the rows of the end tokens.
    private let ends: FloatBuffer
    /// (batch, E)
    private let pooled: FloatBuffer
    private let work: BlockWorkspace

    init(_ weights: ModelWeights, _ geometry: ModelGeometry, factory: any LinearFactory, pool: WorkerPool) throws {
        let width = geometry.textWidth
        self.geometry = geometry
        self.pool = pool
        embedding = try weights.parameter("token_embedding.weight", geometry.vocabularySize, width)
        positions = try weights.parameter("positional_embedding", geometry.contextLength, width)
        blocks = try (0..<geometry.textLayers).map {
            try TransformerBlock(weights, part: "transformer.resblocks.\($0).", width: width, factory: factory)
        }
        norm = try LayerNorm(weights, "ln_final", width: width)
        projection = try factory.makeLinear(
            name: "text_projection",
            weight: try weights.parameter("text_projection", width, geometry.embeddingWidth)
                .transposed(rows: width, columns: geometry.embeddingWidth), bias: nil,
            outputs: geometry.embeddingWidth, inputs: width)
        let rows = Self.batch * geometry.contextLength
        stream = FloatBuffer(count: rows * width)
        ends = FloatBuffer(count: Self.batch * width)
        pooled = FloatBuffer(count: Self.batch * geometry.embeddingWidth)
        work = BlockWorkspace(
            rows: rows, width: width, sequence: geometry.contextLength, attentionType: factory.attentionType,
            workers: pool.workers)
    }

    func encode(_ texts: ArraySlice<[Int32]>, features: UnsafeMutablePointer<Float>) {
        let order = texts.indices.sorted { Self.length(texts[$0]) < Self.length(texts[$1]) }
        let width = geometry.embeddingWidth
        for begin in stride(from: 0, to: order.count, by: Self.batch) {
            let some = order[begin..<min(begin + Self.batch, order.count)]
            encode(some.map { texts[$0] }, pooled.pointer)
            for (row, index) in some.enumerated() {
                (features + (index - texts.startIndex) * width).update(from: pooled.pointer + row * width, count: width)
            }
        }
    }

    /// Tokens up to and including the end token: the first of the highest id.
    private static func length(_ text: [Int32]) -> Int {
        guard let highest = text.max(), let end = text.firstIndex(of: highest) else { return 0 }
        return end + 1
    }

    private func encode(_ texts: [[Int32]], _ features: UnsafeMutablePointer<Float>) {
        let width = geometry.textWidth
        let length = texts.map(Self.length).max() ?? 0
        precondition(
            length >= 1 && length <= geometry.contextLength,
            "\(length) tokens in a context of \(geometry.contextLength)")
        for (row, text) in texts.enumerated() {
            for place in 0..<length {
                // Behind a shorter text's end any token will do.
                let token = Int(place < text.count ? text[place] : 0)
                precondition(
                    token >= 0 && token < geometry.vocabularySize, "token \(token) of \(geometry.vocabularySize)")
                let to = stream.pointer + (row * length + place) * width
                let (word, position) = (embedding.pointer + token * width, positions.pointer + place * width)
                for i in 0..<width { to[i] = word[i] + position[i] }
            }
        }
        for block in blocks {
            block.forward(stream.pointer, sequences: texts.count, length: length, pattern: .causal, work, pool)
        }
        for (row, text) in texts.enumerated() {
            let end = row * length + Self.length(text) - 1
            (ends.pointer + row * width).update(from: stream.pointer + end * width, count: width)
        }
        norm.forward(ends.pointer, ends.pointer, rows: texts.count, pool: pool)
        projection.forward(features, ends.pointer, rows: texts.count, epilogue: .store, pool: pool)
    }
}
