import CKernels

/// What a transformer block does behind its attention, `middle = x + f out_proj(attended)` and
/// `out = middle + f c_proj(quickGELU(c_fc(ln_2(middle))))`, and its backward. `f` are the factors of DropPath.
struct TrainedBlockTail {
    let width: Int
    let output: AffineLayer
    let norm: NormLayer
    let expansion: AffineLayer
    let contraction: AffineLayer

    /// - Parameter part: what the names of the block's tensors begin with.
    init(_ parameters: TrainedParameters, part: String, width: Int) {
        self.width = width
        output = AffineLayer(
            weight: parameters.slot(part + "attn.out_proj.weight"), bias: parameters.slot(part + "attn.out_proj.bias"),
            outputs: width, inputs: width)
        norm = NormLayer(parameters, part + "ln_2", width: width)
        expansion = AffineLayer(
            weight: parameters.slot(part + "mlp.c_fc.weight"), bias: parameters.slot(part + "mlp.c_fc.bias"),
            outputs: 4 * width, inputs: width)
        contraction = AffineLayer(
            weight: parameters.slot(part + "mlp.c_proj.weight"), bias: parameters.slot(part + "mlp.c_proj.bias"),
            outputs: width, inputs: 4 * width)
    }

    /// What the forward leaves for the backward, which uses it up.
    struct Tape {
        /// (rows, D) in panels, what the attention gave.
        let attended: UnsafeMutablePointer<Float>
        /// (rows, D)
        let middle: UnsafeMutablePointer<Float>
        /// (rows, 2)
        let statistics: UnsafeMutablePointer<Float>
        /// (rows, 4D) in panels, before the activation; after the backward what the activation gave.
        let hidden: UnsafeMutablePointer<Float>

        init(rows: Int, width: Int, _ arena: inout ArenaCursor) {
            attended = arena.take(rows * width)
            middle = arena.take(rows * width)
            statistics = arena.take(rows * 2)
            hidden = arena.take(rows * 4 * width)
        }
    }

    /// Whole-batch memory of the backward, shared by all blocks.
    struct Gradients {
        /// (rows, D): of `middle`, and where there are factors of DropPath, of what is added to `x` and to `middle`.
        let middle, scaledMiddle, scaledOut: UnsafeMutablePointer<Float>
        /// (rows, D) in panels.
        let attended: UnsafeMutablePointer<Float>
        /// (rows, 4D), before the activation.
        let hidden: UnsafeMutablePointer<Float>
        /// (rows, D) in panels, what the norm gave, once more.
        let normalised: UnsafeMutablePointer<Float>

        init(rows: Int, width: Int, _ arena: inout ArenaCursor) {
            hidden = arena.take(rows * 4 * width)
            normalised = arena.take(rows * width)
            middle = arena.take(rows * width)
            attended = arena.take(rows * width)
            scaledMiddle = arena.take(rows * width)
            scaledOut = arena.take(rows * width)
        }
    }

    /// - Parameters:
    ///   - out: (rows, D)
    ///   - x: (rows, D)
    ///   - tape: its `attended` is read, the rest is written.
    ///   - factors: (rows) each.
    func forward(
        _ out: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, _ tape: Tape, factors: PathFactors, rows: Int,
        _ work: TrainingWorkspace
    ) {
        let packed = work.pack([output, expansion, contraction], .forward)
        let panels = MatrixLayout.panels(rows: rows)
        work.eachChunk(of: rows) { range, worker in
            let (begin, count, kernels) = (range.lowerBound, range.count, work.kernels)
            let (at, hidden) = (begin * width, tape.hidden + begin * panels.row)
            let activePanels = MatrixLayout.panels(rows: count)
            let active = work.scratch(worker: worker)
            let branch = active + count * 4 * width
            packed[0].forward(
                branch, tape.attended + begin * panels.row, xLayout: panels, rows: count, work, worker: worker)
            kernels.add_scaled_rows(tape.middle + at, x + at, branch, factors.attention(begin), count, width)
            norm.forward(
                branch, statistics: tape.statistics + 2 * begin, tape.middle + at, rows: count, kernels)
            packed[1].forward(hidden, outLayout: panels, branch, rows: count, work, worker: worker)
            kernels.gelu_forward(active, activePanels, hidden, panels, count, 4 * width)
            packed[2].forward(branch, active, xLayout: activePanels, rows: count, work, worker: worker)
            kernels.add_scaled_rows(out + at, tape.middle + at, branch, factors.tail(begin), count, width)
        }
    }

    /// Gradients of `middle` (which is also that of `x`) and of `attended`, left in `gradients`.
    ///
    /// - Parameter dOut: (rows, D)
    func backward(
        _ dOut: UnsafePointer<Float>, _ tape: Tape, _ gradients: Gradients, factors: PathFactors, rows: Int,
        _ work: TrainingWorkspace
    ) {
        let packed = work.pack([output, expansion, contraction], .backward)
        let panels = MatrixLayout.panels(rows: rows)
        work.eachChunk(of: rows, summing: norm) { range, worker, dNorm in
            let (begin, count, kernels) = (range.lowerBound, range.count, work.kernels)
            let (at, atHidden) = (begin * width, begin * 4 * width)
            let dNormalised = work.scratch(worker: worker)
            if let factors = factors.tail(begin) {
                kernels.add_scaled_rows(gradients.scaledOut + at, nil, dOut + at, factors, count, width)
            }
            packed[2].backward(
                gradients.hidden + atHidden, scaledOut(dOut, gradients, factors) + at, rows: count, work, worker: worker
            )
            let (dHidden, hidden) = (gradients.hidden + atHidden, tape.hidden + begin * panels.row)
            kernels.gelu_backward(dHidden, dHidden, hidden, hidden, panels, count, 4 * width)
            packed[1].backward(dNormalised, dHidden, rows: count, work, worker: worker)
            norm.backward(
                gradients.middle + at, recomputing: (gradients.normalised + begin * panels.row, panels), dNorm,
                dNormalised, residual: dOut + at, tape.middle + at, statistics: tape.statistics + 2 * begin,
                rows: count, kernels)
            if let factors = factors.attention(begin) {
                kernels.add_scaled_rows(
                    gradients.scaledMiddle + at, nil, gradients.middle + at, factors, count, width)
            }
            packed[0].backward(
                gradients.attended + begin * panels.row, dXLayout: panels, scaledMiddle(gradients, factors) + at,
                rows: count, work, worker: worker)
        }
    }

    /// The sums that `backward`, called with the same arguments, leaves to be done.
    func weightGradients(
        _ dOut: UnsafePointer<Float>, _ tape: Tape, _ gradients: Gradients, factors: PathFactors, rows: Int
    ) -> [WeightGradient?] {
        let panels = MatrixLayout.panels(rows: rows)
        return [
            contraction.gradient(scaledOut(dOut, gradients, factors), tape.hidden, xLayout: panels, rows: rows),
            expansion.gradient(gradients.hidden, gradients.normalised, xLayout: panels, rows: rows),
            output.gradient(scaledMiddle(gradients, factors), tape.attended, xLayout: panels, rows: rows),
        ]
    }

    private func scaledOut(
        _ dOut: UnsafePointer<Float>, _ gradients: Gradients, _ factors: PathFactors
    ) -> UnsafePointer<Float> {
        factors.tail(0) == nil ? dOut : UnsafePointer(gradients.scaledOut)
    }

    private func scaledMiddle(_ gradients: Gradients, _ factors: PathFactors) -> UnsafePointer<Float> {
        UnsafePointer(factors.attention(0) == nil ? gradients.middle : gradients.scaledMiddle)
    }
}
