import CKernels

/// One pre-norm transformer block and its backward.
struct TrainedBlock {
    private let width: Int
    private let norm: NormLayer
    private let projection: AffineLayer
    private let tail: TrainedBlockTail

    /// - Parameter part: what the names of the block's tensors begin with.
    init(_ parameters: TrainedParameters, part: String, width: Int) {
        self.width = width
        norm = NormLayer(parameters, part + "ln_1", width: width)
        projection = AffineLayer(
            weight: parameters.slot(part + "attn.in_proj_weight"), bias: parameters.slot(part + "attn.in_proj_bias"),
            outputs: 3 * width, inputs: width)
        tail = TrainedBlockTail(parameters, part: part, width: width)
    }

    /// What the forward leaves for the backward, besides the block's input.
    struct Tape {
        /// (rows, 2)
        let statistics: UnsafeMutablePointer<Float>
        /// (rows, 3D) in panels: queries, keys, values.
        let projected: UnsafeMutablePointer<Float>
        /// (H, rows)
        let attentionStatistics: UnsafeMutablePointer<Float>
        let tail: TrainedBlockTail.Tape

        init(rows: Int, width: Int, _ arena: inout ArenaCursor) {
            statistics = arena.take(rows * 2)
            projected = arena.take(rows * 3 * width)
            attentionStatistics = arena.take(rows * (width / ModelGeometry.headWidth))
            tail = TrainedBlockTail.Tape(rows: rows, width: width, &arena)
        }
    }

    /// Whole-batch memory of the backward, shared by all blocks. The attention's gradients take the place of the hidden layer's, once
    /// the sums of these are done.
    struct Gradients {
        /// (rows, 3D)
        let projected: UnsafeMutablePointer<Float>
        let tail: TrainedBlockTail.Gradients

        init(rows: Int, width: Int, _ arena: inout ArenaCursor) {
            tail = TrainedBlockTail.Gradients(rows: rows, width: width, &arena)
            projected = tail.hidden
        }
    }

    /// - Parameters:
    ///   - out: (rows, D), elsewhere than `x`.
    ///   - x: (rows, D)
    func forward(
        _ out: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, _ tape: Tape, _ attention: TrainedAttention,
        factors: PathFactors, _ work: TrainingWorkspace
    ) {
        let rows = attention.sequences * attention.length
        let packed = work.pack([projection], .forward)
        let projected = TrainedAttention.Projected(pointer: tape.projected, layout: .panels(rows: rows))
        work.eachChunk(of: rows) { range, worker in
            let (begin, count) = (range.lowerBound, range.count)
            let normalised = work.scratch(worker: worker)
            norm.forward(
                normalised, statistics: tape.statistics + 2 * begin, x + begin * width, rows: count, work.kernels)
            packed[0].forward(
                projected.head(0, row: begin), outLayout: projected.layout, normalised, rows: count, work,
                worker: worker)
        }
        attention.forward(tape.tail.attended, statistics: tape.attentionStatistics, projected, work)
        tail.forward(out, x, tape.tail, factors: factors, rows: rows, work)
    }

    /// - Parameters:
    ///   - dX: (rows, D), which may be `dOut`.
    ///   - dOut: (rows, D)
    func backward(
        _ dX: UnsafeMutablePointer<Float>, _ dOut: UnsafePointer<Float>, _ x: UnsafePointer<Float>, _ tape: Tape,
        _ gradients: Gradients, _ attention: TrainedAttention, factors: PathFactors, _ work: TrainingWorkspace
    ) {
        let rows = attention.sequences * attention.length
        let panels = MatrixLayout.panels(rows: rows)
        tail.backward(dOut, tape.tail, gradients.tail, factors: factors, rows: rows, work)
        work.sums.run(
            tail.weightGradients(dOut, tape.tail, gradients.tail, factors: factors, rows: rows), work.pool)
        attention.backward(
            TrainedAttention.Projected(pointer: gradients.projected, layout: .rows(width: 3 * width)),
            gradients.tail.attended, TrainedAttention.Projected(pointer: tape.projected, layout: panels),
            out: tape.tail.attended, statistics: tape.attentionStatistics, work)
        let packed = work.pack([projection], .backward)
        work.eachChunk(of: rows, summing: norm) { range, worker, dNorm in
            let (begin, count) = (range.lowerBound, range.count)
            let at = begin * width
            let dNormalised = work.scratch(worker: worker)
            packed[0].backward(dNormalised, gradients.projected + 3 * at, rows: count, work, worker: worker)
            norm.backward(
                dX + at, recomputing: (gradients.tail.normalised + begin * panels.row, panels), dNorm, dNormalised,
                residual: gradients.tail.middle + at, x + at, statistics: tape.statistics + 2 * begin, rows: count,
                work.kernels)
        }
        work.sums.run(
            [projection.gradient(gradients.projected, gradients.tail.normalised, xLayout: panels, rows: rows)],
            work.pool)
    }
}
