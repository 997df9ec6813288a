import CKernels

/// Layer normalisation with CLIP's epsilon.
struct LayerNorm {
    let weight: Parameter
    let bias: Parameter
    let width: Int
    static let epsilon: Float = 1e-5

    /// - Parameter name: of the layer in the checkpoint, without `.weight`.
    init(_ weights: ModelWeights, _ name: String, width: Int) throws(RecognizerError) {
        weight = try weights.parameter(name + ".weight", width)
        bias = try weights.parameter(name + ".bias", width)
        self.width = width
    }

    /// Normalises contiguous rows of (rows, D); float32 in place, or into `out`.
    func forward(_ out: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, rows: Int, pool: WorkerPool) {
        forward(Activations(out), x, rows: rows, pool: pool)
    }

    func forward(_ out: Activations, _ x: UnsafePointer<Float>, rows: Int, pool: WorkerPool) {
        pool.run(
            Rows(norm: self, out: out, x: x, rows: rows),
            parts: (rows + Rows.some - 1) / Rows.some)
    }

    private struct Rows: ParallelJob {
        static let some = 8
        let norm: LayerNorm
        let out: Activations
        let x: UnsafePointer<Float>
        let rows: Int

        func run(part: Int, worker: Int) {
            let begin = part * Self.some
            let (to, from, count) = (out + begin * norm.width, x + begin * norm.width, min(Self.some, rows - begin))
            let (weight, bias, width) = (norm.weight.pointer, norm.bias.pointer, norm.width)
            switch out.type {
            case .float32:
                ckernels_layer_norm(to.floats, from, width, weight, bias, count, width, LayerNorm.epsilon)
            case .bfloat16:
                ckernels_half_layer_norm(to.halves, from, width, weight, bias, count, width, LayerNorm.epsilon)
            }
        }
    }
}
