import CKernels

/// A transformer block whose attention probabilities can be looked at: they are made as a matrix, in float32, one head at a
/// time. Slow, and equal to `TransformerBlock` up to rounding.
struct OpenAttentionBlock {
    /// Query rows at a time, which bounds the matrix.
    private static let queriesAtOnce = 256

    private let width: Int
    private let heads: Int
    private let factory: OpenBLAS
    private let norm: LayerNorm
    private let projection: any Linear
    private let tail: BlockTail

    /// - Parameter part: what the names of the block's tensors begin with.
    init(_ weights: ModelWeights, part: String, width: Int, factory: OpenBLAS) throws {
        self.width = width
        self.factory = factory
        heads = width / ModelGeometry.headWidth
        norm = try LayerNorm(weights, part + "ln_1", width: width)
        projection = factory.makeLinear(
            try weights.parameter(part + "attn.in_proj_weight", 3 * width, width),
            bias: try weights.parameter(part + "attn.in_proj_bias", 3 * width), outputs: 3 * width, inputs: width)
        tail = try BlockTail(weights, part: part, width: width, factory: factory)
    }

    /// One sequence through the block.
    ///
    /// - Parameters:
    ///   - x: (length, D)
    ///   - queries: the rows whose output is wanted, ascending.
    ///   - hidden: the keys that a row does not see; itself it sees always.
    ///   - probabilities: (queries, length), which the mean over the heads is added to; nil where nobody looks.
    /// - Returns: (queries, D)
    func forward(
        _ x: FloatBuffer, length: Int, queries: [Int], hidden: (_ row: Int) -> Range<Int>,
        probabilities: FloatBuffer?, pool: WorkerPool
    ) -> FloatBuffer {
        let rows = queries.count
        let normalised = FloatBuffer(count: length * width)
        let projected = FloatBuffer(count: length * 3 * width)
        norm.forward(normalised.pointer, x.pointer, rows: length, pool: pool)
        projection.forward(projected.pointer, normalised.pointer, rows: length, epilogue: .store, pool: pool)
        let attended = FloatBuffer(count: rows * width)
        for head in 0..<heads {
            attend(
                head, projected, length: length, queries: queries, hidden: hidden, out: attended,
                probabilities: probabilities, pool: pool)
        }
        let stream = FloatBuffer(count: rows * width)
        for (index, row) in queries.enumerated() {
            (stream.pointer + index * width).update(from: x.pointer + row * width, count: width)
        }
        let work = BlockWorkspace(
            rows: rows, width: width, sequence: 1, attentionType: .float32, workers: pool.workers)
        tail.forward(stream.pointer, attended: Activations(attended.pointer), rows: rows, work, pool)
        return stream
    }

    private func attend(
        _ head: Int, _ projected: FloatBuffer, length: Int, queries: [Int], hidden: (Int) -> Range<Int>,
        out: FloatBuffer, probabilities: FloatBuffer?, pool: WorkerPool
    ) {
        let size = ModelGeometry.headWidth
        let keys = FloatBuffer(count: length * size)
        // (64, length), as a layer's weights are (outputs, inputs).
        let values = FloatBuffer(count: size * length)
        for row in 0..<length {
            let from = projected.pointer + row * 3 * width + head * size
            (keys.pointer + row * size).update(from: from + width, count: size)
            for i in 0..<size { values.pointer[i * length + row] = from[2 * width + i] }
        }
        let byKeys = factory.makeLinear(Parameter(keys), outputs: length, inputs: size)
        let byValues = factory.makeLinear(Parameter(values), outputs: size, inputs: length)
        let most = min(queries.count, Self.queriesAtOnce)
        let some = FloatBuffer(count: most * size)
        let scores = FloatBuffer(count: most * length)
        for begin in stride(from: 0, to: queries.count, by: most) {
            let count = min(most, queries.count - begin)
            for index in 0..<count {
                let from = projected.pointer + queries[begin + index] * 3 * width + head * size
                (some.pointer + index * size).update(from: from, count: size)
            }
            byKeys.forward(scores.pointer, some.pointer, rows: count, epilogue: .store, pool: pool)
            for index in 0..<count {
                let row = scores.pointer + index * length
                let own = queries[begin + index]
                Self.softmax(row, length, own: own, hidden: hidden(own))
                guard let probabilities else { continue }
                let sum = probabilities.pointer + (begin + index) * length
                for key in 0..<length { sum[key] += row[key] / Float(heads) }
            }
            byValues.forward(some.pointer, scores.pointer, rows: count, epilogue: .store, pool: pool)
            for index in 0..<count {
                (out.pointer + (begin + index) * width + head * size).update(
                    from: some.pointer + index * size, count: size)
            }
        }
    }

    /// Turns products of a query with all keys into probabilities, exactly zero where the query does not look.
    private static func softmax(
        _ row: UnsafeMutablePointer<Float>, _ length: Int, own: Int, hidden: Range<Int>
    ) {
        let product = row[own]
        // The one that a query sees always, so the highest of the row stays the highest of what it sees.
        for key in hidden { row[key] = product }
        ckernels_softmax(row, length, 0.125)
        let kept = row[own]
        var sum: Float = 0
        for key in hidden { row[key] = 0 }
        row[own] = kept
        for key in 0..<length { sum += row[key] }
        for key in 0..<length { row[key] /= sum }
    }
}
