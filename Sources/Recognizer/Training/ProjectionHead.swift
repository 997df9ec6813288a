import CKernels

/// The end of both towers: a norm, a projection to the joint embedding, and length one; and its backward.
struct ProjectionHead {
    private let norm: NormLayer
    /// (D, E)
    private let projection: ParameterSlot
    private let width: Int
    private let outputs: Int

    /// - Parameters:
    ///   - norm: of the layer in the state dict; likewise `projection`.
    ///   - width: D
    ///   - outputs: E
    init(_ parameters: TrainedParameters, norm: String, projection: String, width: Int, outputs: Int) {
        self.norm = NormLayer(parameters, norm, width: width)
        self.projection = parameters.slot(projection)
        self.width = width
        self.outputs = outputs
    }

    /// What the forward leaves for the backward.
    struct Tape {
        /// (rows, D): the input, and what the norm gave.
        let x, normalised: UnsafeMutablePointer<Float>
        /// (rows, 2)
        let statistics: UnsafeMutablePointer<Float>
        /// (rows, E), of length one.
        let units: UnsafeMutablePointer<Float>
        /// (rows)
        let lengths: UnsafeMutablePointer<Float>
        /// (rows, E), (rows, D): memory of the backward.
        let dProjected, dNormalised: UnsafeMutablePointer<Float>

        init(rows: Int, width: Int, outputs: Int, _ arena: inout ArenaCursor) {
            x = arena.take(rows * width)
            normalised = arena.take(rows * width)
            statistics = arena.take(rows * 2)
            units = arena.take(rows * outputs)
            lengths = arena.take(rows)
            dProjected = arena.take(rows * outputs)
            dNormalised = arena.take(rows * width)
        }
    }

    /// From `tape.x` to `tape.units`.
    func forward(_ tape: Tape, rows: Int, _ work: TrainingWorkspace) {
        work.eachChunk(of: rows) { range, _ in
            let at = range.lowerBound * width
            norm.forward(
                tape.normalised + at, statistics: tape.statistics + 2 * range.lowerBound, tape.x + at,
                rows: range.count, work.kernels)
            MatrixProduct.times(
                tape.units + range.lowerBound * outputs, stride: outputs, tape.normalised + at, stride: width,
                projection.value, stride: outputs, rows: range.count, columns: outputs, depth: width, keep: 0)
            for row in range {
                let unit = tape.units + row * outputs
                let length = ckernels_length(unit, outputs)
                tape.lengths[row] = length
                work.kernels.blend(unit, unit, 1 / length, unit, 0, outputs)
            }
        }
    }

    /// - Parameters:
    ///   - dX: (rows, D), the gradient of `tape.x`.
    ///   - dUnits: (rows, E)
    func backward(
        _ dX: UnsafeMutablePointer<Float>, _ dUnits: UnsafePointer<Float>, _ tape: Tape, rows: Int,
        _ work: TrainingWorkspace
    ) {
        work.eachChunk(of: rows, summing: norm) { range, _, dNorm in
            for row in range {
                let (unit, dUnit) = (tape.units + row * outputs, dUnits + row * outputs)
                var along: Float = 0
                ckernels_matrix_vector(&along, unit, dUnit, 1, outputs)
                let factor = 1 / tape.lengths[row]
                work.kernels.blend(tape.dProjected + row * outputs, dUnit, factor, unit, -along * factor, outputs)
            }
            let at = range.lowerBound * width
            MatrixProduct.timesTransposed(
                tape.dNormalised + at, stride: width, tape.dProjected + range.lowerBound * outputs, stride: outputs,
                projection.value, stride: outputs, rows: range.count, columns: width, depth: outputs, keep: 0)
            norm.backward(
                dX + at, recomputing: nil, dNorm, tape.dNormalised + at, residual: nil, tape.x + at,
                statistics: tape.statistics + 2 * range.lowerBound, rows: range.count, work.kernels)
        }
        guard let gradient = projection.gradient else { return }
        let sum = WeightGradient(
            dWeight: gradient, dBias: nil, dOut: tape.normalised, x: tape.dProjected, xLayout: .rows(width: outputs),
            outputs: width, inputs: outputs, rows: rows, panel: nil)
        work.sums.run([sum], work.pool)
    }
}
