import CKernels

/// The last temporal block and its backward, for the class tokens of the frames alone: nobody reads its other rows, so they
/// need keys and values but no query, no output projection and no hidden layer.
struct TrainedClassTokenBlock {
    private let width: Int
    private let norm: NormLayer
    private let queries: AffineLayer
    /// D to 2D.
    private let keysAndValues: AffineLayer
    private let tail: TrainedBlockTail

    /// - Parameter part: what the names of the block's tensors begin with.
    init(_ parameters: TrainedParameters, part: String, width: Int) {
        self.width = width
        norm = NormLayer(parameters, part + "ln_1", width: width)
        let projection = AffineLayer(
            weight: parameters.slot(part + "attn.in_proj_weight"), bias: parameters.slot(part + "attn.in_proj_bias"),
            outputs: 3 * width, inputs: width)
        queries = AffineLayer(projection, outputs: 0..<width)
        keysAndValues = AffineLayer(projection, outputs: width..<3 * width)
        tail = TrainedBlockTail(parameters, part: part, width: width)
    }

    /// What the forward leaves for the backward, besides the block's input. `rows` are all, `frames` those of class tokens.
    struct Tape {
        /// (rows, 2)
        let statistics: UnsafeMutablePointer<Float>
        /// (frames, D): class tokens of the input, and what `ln_1` gave for them.
        let classTokens, normalised: UnsafeMutablePointer<Float>
        /// (frames, D)
        let queries: UnsafeMutablePointer<Float>
        /// (rows, 2D)
        let keysAndValues: UnsafeMutablePointer<Float>
        /// (frames, H)
        let attentionStatistics: UnsafeMutablePointer<Float>
        let tail: TrainedBlockTail.Tape

        init(rows: Int, frames: Int, width: Int, _ arena: inout ArenaCursor) {
            statistics = arena.take(rows * 2)
            classTokens = arena.take(frames * width)
            normalised = arena.take(frames * width)
            queries = arena.take(frames * width)
            keysAndValues = arena.take(rows * 2 * width)
            attentionStatistics = arena.take(frames * (width / ModelGeometry.headWidth))
            tail = TrainedBlockTail.Tape(rows: frames, width: width, &arena)
        }
    }

    private func parts(
        queries: UnsafeMutablePointer<Float>, keysAndValues: UnsafeMutablePointer<Float>
    ) -> TrainedAttention.Inputs {
        TrainedAttention.Inputs(
            queries: TrainedAttention.Rows(pointer: queries, stride: width),
            keys: TrainedAttention.Rows(pointer: keysAndValues, stride: 2 * width),
            values: TrainedAttention.Rows(pointer: keysAndValues + width, stride: 2 * width))
    }

    /// - Parameters:
    ///   - out: (frames, D)
    ///   - x: (rows, D)
    ///   - attention: of class tokens only.
    func forward(
        _ out: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, _ tape: Tape, _ attention: TrainedAttention,
        factors: PathFactors, _ work: TrainingWorkspace
    ) {
        let rows = attention.sequences * attention.length
        let frames = attention.sequences * attention.queries
        let tokens = attention.tokens
        let packed = work.pack([queries, keysAndValues], .forward)
        work.eachChunk(of: rows) { range, worker in
            let (begin, count) = (range.lowerBound, range.count)
            let normalised = work.scratch(worker: worker)
            norm.forward(
                normalised, statistics: tape.statistics + 2 * begin, x + begin * width, rows: count, work.kernels)
            packed[1].forward(tape.keysAndValues + begin * 2 * width, normalised, rows: count, work, worker: worker)
            for row in range where row % tokens == 0 {
                let to = row / tokens * width
                (tape.classTokens + to).update(from: x + row * width, count: width)
                (tape.normalised + to).update(from: normalised + (row - begin) * width, count: width)
            }
        }
        work.eachChunk(of: frames) { range, worker in
            let at = range.lowerBound * width
            packed[0].forward(tape.queries + at, tape.normalised + at, rows: range.count, work, worker: worker)
        }
        attention.forward(
            tape.tail.attended, statistics: tape.attentionStatistics,
            parts(queries: tape.queries, keysAndValues: tape.keysAndValues), work)
        tail.forward(out, tape.classTokens, tape.tail, factors: factors, rows: frames, work)
    }

    /// - Parameters:
    ///   - dX: (rows, D)
    ///   - dOut: (frames, D), elsewhere.
    func backward(
        _ dX: UnsafeMutablePointer<Float>, _ dOut: UnsafePointer<Float>, _ x: UnsafePointer<Float>, _ tape: Tape,
        _ gradients: TrainedBlock.Gradients, _ attention: TrainedAttention, factors: PathFactors,
        _ work: TrainingWorkspace
    ) {
        let rows = attention.sequences * attention.length
        let frames = attention.sequences * attention.queries
        let tokens = attention.tokens
        tail.backward(dOut, tape.tail, gradients.tail, factors: factors, rows: frames, work)
        work.sums.run(
            tail.weightGradients(dOut, tape.tail, gradients.tail, factors: factors, rows: frames), work.pool)
        let dKeysAndValues = gradients.projected
        let dQueries = gradients.projected + rows * 2 * width
        attention.backward(
            parts(queries: dQueries, keysAndValues: dKeysAndValues), gradients.tail.attended,
            parts(queries: tape.queries, keysAndValues: tape.keysAndValues), out: tape.tail.attended,
            statistics: tape.attentionStatistics, work)
        // The gradient of the class tokens' normalised rows through their queries.
        let throughQueries = gradients.tail.attended
        let packed = work.pack([queries, keysAndValues], .backward)
        work.eachChunk(of: frames) { range, worker in
            let at = range.lowerBound * width
            packed[0].backward(throughQueries + at, dQueries + at, rows: range.count, work, worker: worker)
        }
        work.eachChunk(of: rows, summing: norm) { range, worker, dNorm in
            let (begin, count, kernels) = (range.lowerBound, range.count, work.kernels)
            let at = begin * width
            let dNormalised = work.scratch(worker: worker)
            packed[1].backward(dNormalised, dKeysAndValues + 2 * at, rows: count, work, worker: worker)
            (dX + at).update(repeating: 0, count: count * width)
            for row in range where row % tokens == 0 {
                let from = row / tokens * width
                kernels.add(dNormalised + (row - begin) * width, throughQueries + from, width)
                (dX + row * width).update(from: gradients.tail.middle + from, count: width)
            }
            norm.backward(
                dX + at, recomputing: gradients.normalised + at, dNorm, dNormalised, residual: dX + at, x + at,
                statistics: tape.statistics + 2 * begin, rows: count, kernels)
        }
        work.sums.run(
            [
                keysAndValues.gradient(dKeysAndValues, gradients.normalised, rows: rows),
                queries.gradient(dQueries, tape.normalised, rows: frames),
            ], work.pool)
    }
}
