import CKernels

/// Attention of the frames' class tokens alone over all rows of their clip, and its backward, with the key and value matrices on
/// the queries' side.
///
/// As in `PooledAttention`: `qᵀ (Wk y + bk)` is `(Wkᵀ q)ᵀ y` and what all keys share, which the softmax drops, so that `bk` has no
/// gradient; and `sum p (Wv y + bv)` is `Wv (sum p y) + bv`. Neither keys nor values of the rows `y` are computed, nor their
/// gradients: T/64 of the multiplications. All of it is float32, by OpenBLAS, in parts that depend on shapes alone.
struct TrainedPooledAttention {
    private let width: Int
    private let heads: Int
    private let frames: Int
    private let tokens: Int
    private let mask: KroneckerMask
    private let weight: ParameterSlot
    private let bias: ParameterSlot

    /// - Parameter part: what the names of the block's tensors begin with.
    init(_ parameters: TrainedParameters, part: String, _ geometry: ModelGeometry) {
        width = geometry.visionWidth
        heads = geometry.visionHeads
        frames = geometry.frames
        tokens = geometry.tokens
        mask = geometry.mask
        weight = parameters.slot(part + "attn.in_proj_weight")
        bias = parameters.slot(part + "attn.in_proj_bias")
    }

    /// What the forward leaves for the backward, and memory of that. A row of a frame's head follows that of the head before.
    struct Tape {
        /// (frames, D)
        let queries, dQueries: UnsafeMutablePointer<Float>
        /// (frames, H, D): the queries times the key matrix.
        let absorbed, dAbsorbed: UnsafeMutablePointer<Float>
        /// (frames, H, T * L)
        let probabilities, dScores: UnsafeMutablePointer<Float>
        /// (frames, H, D): sums of the rows by their probabilities.
        let pooled, dPooled: UnsafeMutablePointer<Float>

        /// - Parameter frames: of the whole batch.
        init(frames: Int, _ geometry: ModelGeometry, _ arena: inout ArenaCursor) {
            let (width, heads) = (geometry.visionWidth, geometry.visionHeads)
            let keys = geometry.frames * geometry.tokens
            queries = arena.take(frames * width)
            absorbed = arena.take(frames * heads * width)
            probabilities = arena.take(frames * heads * keys)
            pooled = arena.take(frames * heads * width)
            dQueries = arena.take(frames * width)
            dAbsorbed = arena.take(frames * heads * width)
            dScores = arena.take(frames * heads * keys)
            dPooled = arena.take(frames * heads * width)
        }
    }

    private var head: Int { ModelGeometry.headWidth }
    private var keys: Int { frames * tokens }
    /// Rows of a clip's queries, all heads.
    private var queryRows: Int { frames * heads }
    /// From a frame's row of one head to the next frame's.
    private var frameStride: Int { heads * width }
    /// From a class token to the next.
    private var classStride: Int { tokens * width }

    /// - Parameters:
    ///   - out: (frames, D) in panels, one for each head, before the output projection.
    ///   - y: (clips, T, L, D), the normalised rows.
    func forward(
        _ out: UnsafeMutablePointer<Float>, _ y: UnsafePointer<Float>, _ tape: Tape, clips: Int,
        _ work: TrainingWorkspace
    ) {
        let all = clips * frames
        work.pool.forEach(parts: heads) { index, _ in
            let at = index * head
            ckernels_set_rows(tape.queries + at, width, bias.value + at, all, head)
            MatrixProduct.timesTransposed(
                tape.queries + at, stride: width, y, stride: classStride, matrix(.query, index), stride: width,
                rows: all, columns: head, depth: width, keep: 1)
            MatrixProduct.times(
                tape.absorbed + index * width, stride: frameStride, tape.queries + at, stride: width,
                matrix(.key, index), stride: width, rows: all, columns: width, depth: head, keep: 0)
        }
        multiplyByRows(tape.probabilities, tape.absorbed, y, clips: clips, work)
        work.pool.forEach(parts: all) { frame, _ in
            for index in 0..<heads {
                let row = tape.probabilities + (frame * heads + index) * keys
                hide(row, of: frame % frames, -.infinity)
                ckernels_softmax(row, keys, 0.125)
                hide(row, of: frame % frames, 0)
            }
        }
        eachShare(of: width, clips: clips, work) { clip, begin, count in
            MatrixProduct.times(
                tape.pooled + clip * queryRows * width + begin, stride: width,
                tape.probabilities + clip * queryRows * keys, stride: keys, y + clip * keys * width + begin,
                stride: width, rows: queryRows, columns: count, depth: keys, keep: 0)
        }
        work.pool.forEach(parts: heads) { index, _ in
            let out = out + index * all * head
            ckernels_set_rows(out, head, bias.value + 2 * width + index * head, all, head)
            MatrixProduct.timesTransposed(
                out, stride: head, tape.pooled + index * width, stride: frameStride, matrix(.value, index),
                stride: width, rows: all, columns: head, depth: width, keep: 1)
        }
    }

    /// The gradient of `y`, and those of the weights.
    ///
    /// - Parameters:
    ///   - dY: (clips, T, L, D), overwritten.
    ///   - dOut: (frames, D) in panels.
    ///   - y: of the forward.
    func backward(
        _ dY: UnsafeMutablePointer<Float>, _ dOut: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ tape: Tape,
        clips: Int, _ work: TrainingWorkspace
    ) {
        let all = clips * frames
        work.pool.forEach(parts: heads) { index, _ in
            let dOut = dOut + index * all * head
            MatrixProduct.times(
                tape.dPooled + index * width, stride: frameStride, dOut, stride: head, matrix(.value, index),
                stride: width, rows: all, columns: width, depth: head, keep: 0)
            addGradient(
                .value, index, dOut, stride: head, tape.pooled + index * width, stride: frameStride, frames: all, work)
        }
        multiplyByRows(tape.dScores, tape.dPooled, y, clips: clips, work)
        work.pool.forEach(parts: all) { frame, _ in
            for row in frame * heads..<(frame + 1) * heads {
                let (p, d) = (tape.probabilities + row * keys, tape.dScores + row * keys)
                var mean: Float = 0
                ckernels_matrix_vector(&mean, p, d, 1, keys)
                for key in 0..<keys { d[key] = p[key] * (d[key] - mean) * 0.125 }
            }
        }
        eachShare(of: width, clips: clips, work) { clip, begin, count in
            let (rows, scores) = (clip * queryRows * width + begin, clip * queryRows * keys)
            let at = clip * keys * width + begin
            MatrixProduct.times(
                tape.dAbsorbed + rows, stride: width, tape.dScores + scores, stride: keys, y + at, stride: width,
                rows: queryRows, columns: count, depth: keys, keep: 0)
            for (left, right, keep) in [(tape.dScores, tape.absorbed, 0), (tape.probabilities, tape.dPooled, 1)] {
                MatrixProduct.transposedTimes(
                    dY + at, stride: width, left + scores, stride: keys, right + rows, stride: width, rows: keys,
                    columns: count, depth: queryRows, keep: Float(keep))
            }
        }
        work.pool.forEach(parts: heads) { index, _ in
            let at = index * head
            MatrixProduct.timesTransposed(
                tape.dQueries + at, stride: width, tape.dAbsorbed + index * width, stride: frameStride,
                matrix(.key, index), stride: width, rows: all, columns: head, depth: width, keep: 0)
            addGradient(
                .key, index, tape.queries + at, stride: width, tape.dAbsorbed + index * width, stride: frameStride,
                frames: all, work)
            addGradient(
                .query, index, tape.dQueries + at, stride: width, y, stride: classStride, frames: all, work)
        }
        eachShare(of: width, clips: 1, work) { _, begin, count in
            MatrixProduct.times(
                dY + begin, stride: classStride, tape.dQueries, stride: width, weight.value + begin, stride: width,
                rows: all, columns: count, depth: width, keep: 1)
        }
    }

    private enum Matrix: Int {
        case query, key, value
    }

    /// (64, D): one head's rows of a matrix.
    private func matrix(_ matrix: Matrix, _ index: Int) -> UnsafePointer<Float> {
        weight.value + (matrix.rawValue * width + index * head) * width
    }

    /// Sums `leftᵀ right` over the frames for one head of a matrix, and over the frames of `left` for a bias that has a gradient.
    ///
    /// - Parameters:
    ///   - left: (frames, 64), `leftStride` floats apart.
    ///   - right: (frames, D), `rightStride` floats apart.
    private func addGradient(
        _ matrix: Matrix, _ index: Int, _ left: UnsafePointer<Float>, stride leftStride: Int,
        _ right: UnsafePointer<Float>, stride rightStride: Int, frames: Int, _ work: TrainingWorkspace
    ) {
        guard let dWeight = weight.gradient, let dBias = bias.gradient else { return }
        let row = matrix.rawValue * width + index * head
        MatrixProduct.transposedTimes(
            dWeight + row * width, stride: width, left, stride: leftStride, right, stride: rightStride, rows: head,
            columns: width, depth: frames, keep: work.sums.adds ? 1 : 0)
        if matrix != .key { work.kernels.add_columns(dBias + row, left, leftStride, frames, head) }
    }

    /// `out` (clips, T * H, T * L) = `left` (clips, T * H, D) times the rows of the same clip.
    private func multiplyByRows(
        _ out: UnsafeMutablePointer<Float>, _ left: UnsafePointer<Float>, _ y: UnsafePointer<Float>, clips: Int,
        _ work: TrainingWorkspace
    ) {
        eachShare(of: keys, clips: clips, work) { clip, begin, count in
            MatrixProduct.timesTransposed(
                out + clip * queryRows * keys + begin, stride: keys, left + clip * queryRows * width, stride: width,
                y + (clip * keys + begin) * width, stride: width, rows: queryRows, columns: count, depth: width, keep: 0
            )
        }
    }

    /// Runs `body` for shares of `count` columns of each clip. Not a worker's share: where one ends changes how OpenBLAS rounds.
    private func eachShare(
        of count: Int, clips: Int, _ work: TrainingWorkspace, _ body: (_ clip: Int, _ begin: Int, _ count: Int) -> Void
    ) {
        let most = 128
        let shares = (count + most - 1) / most
        work.pool.forEach(parts: clips * shares) { part, _ in
            let begin = part % shares * most
            body(part / shares, begin, min(most, count - begin))
        }
    }

    /// Sets what the class token of `frame` does not see.
    private func hide(_ row: UnsafeMutablePointer<Float>, of frame: Int, _ value: Float) {
        let own = frame * tokens
        let end = mask == .kmt ? own + tokens : keys
        (row + own + 1).update(repeating: value, count: end - own - 1)
    }
}
