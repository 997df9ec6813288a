/// The last temporal block and its backward, for the class tokens of the frames alone: nobody reads its other rows, so they need no
/// query, no output projection and no hidden layer.
struct TrainedClassTokenBlock {
    private let width: Int
    private let frames: Int
    private let tokens: Int
    private let norm: NormLayer
    private let attention: TrainedPooledAttention
    private let tail: TrainedBlockTail

    /// - Parameter part: what the names of the block's tensors begin with.
    init(_ parameters: TrainedParameters, part: String, _ geometry: ModelGeometry) {
        width = geometry.visionWidth
        frames = geometry.frames
        tokens = geometry.tokens
        norm = NormLayer(parameters, part + "ln_1", width: width)
        attention = TrainedPooledAttention(parameters, part: part, geometry)
        tail = TrainedBlockTail(parameters, part: part, width: width)
    }

    /// What the forward leaves for the backward, besides the block's input. `rows` are all, `frames` those of class tokens.
    struct Tape {
        /// (rows, 2)
        let statistics: UnsafeMutablePointer<Float>
        /// (rows, D), what `ln_1` gave.
        let normalised: UnsafeMutablePointer<Float>
        /// (frames, D): class tokens of the input.
        let classTokens: UnsafeMutablePointer<Float>
        let attention: TrainedPooledAttention.Tape
        let tail: TrainedBlockTail.Tape

        init(clips: Int, _ geometry: ModelGeometry, _ arena: inout ArenaCursor) {
            let (frames, width) = (clips * geometry.frames, geometry.visionWidth)
            statistics = arena.take(frames * geometry.tokens * 2)
            normalised = arena.take(frames * geometry.tokens * width)
            classTokens = arena.take(frames * width)
            attention = TrainedPooledAttention.Tape(frames: frames, geometry, &arena)
            tail = TrainedBlockTail.Tape(rows: frames, width: width, &arena)
        }
    }

    /// - Parameters:
    ///   - out: (frames, D)
    ///   - x: (rows, D)
    func forward(
        _ out: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, _ tape: Tape, clips: Int, factors: PathFactors,
        _ work: TrainingWorkspace
    ) {
        work.eachChunk(of: clips * frames * tokens) { range, _ in
            let at = range.lowerBound * width
            norm.forward(
                tape.normalised + at, statistics: tape.statistics + 2 * range.lowerBound, x + at, rows: range.count,
                work.kernels)
        }
        for frame in 0..<clips * frames {
            (tape.classTokens + frame * width).update(from: x + frame * tokens * width, count: width)
        }
        attention.forward(tape.tail.attended, tape.normalised, tape.attention, clips: clips, work)
        tail.forward(out, tape.classTokens, tape.tail, factors: factors, rows: clips * frames, work)
    }

    /// - Parameters:
    ///   - dX: (rows, D)
    ///   - dOut: (frames, D), elsewhere.
    func backward(
        _ dX: UnsafeMutablePointer<Float>, _ dOut: UnsafePointer<Float>, _ x: UnsafePointer<Float>, _ tape: Tape,
        _ gradients: TrainedBlock.Gradients, clips: Int, factors: PathFactors, _ work: TrainingWorkspace
    ) {
        let classRows = clips * frames
        tail.backward(dOut, tape.tail, gradients.tail, factors: factors, rows: classRows, work)
        work.sums.run(
            tail.weightGradients(dOut, tape.tail, gradients.tail, factors: factors, rows: classRows), work.pool)
        let dNormalised = gradients.tail.normalised
        attention.backward(
            dNormalised, gradients.tail.attended, tape.normalised, tape.attention, clips: clips, work)
        work.eachChunk(of: classRows * tokens, summing: norm) { range, _, dNorm in
            let at = range.lowerBound * width
            (dX + at).update(repeating: 0, count: range.count * width)
            for row in range where row % tokens == 0 {
                (dX + row * width).update(from: gradients.tail.middle + row / tokens * width, count: width)
            }
            norm.backward(
                dX + at, recomputing: nil, dNorm, dNormalised + at, residual: dX + at, x + at,
                statistics: tape.statistics + 2 * range.lowerBound, rows: range.count, work.kernels)
        }
    }
}
