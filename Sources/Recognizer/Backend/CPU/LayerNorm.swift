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

    /// Normalises rows of (rows, D), `stride` apart, into contiguous `out`. In place is allowed.
    func forward(
        _ out: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, stride: Int? = nil, rows: Int, pool: WorkerPool
    ) {
        pool.run(
            Rows(norm: self, out: out, x: x, stride: stride ?? width, rows: rows),
            parts: (rows + Rows.some - 1) / Rows.some)
    }

    private struct Rows: ParallelJob {
        static let some = 32
        let norm: LayerNorm
        let out: UnsafeMutablePointer<Float>
        let x: UnsafePointer<Float>
        let stride: Int
        let rows: Int

        func run(part: Int, worker: Int) {
            let begin = part * Self.some
            ckernels_layer_norm(
                out + begin * norm.width, x + begin * stride, stride, norm.weight.pointer, norm.bias.pointer,
                min(Self.some, rows - begin), norm.width, LayerNorm.epsilon)
        }
    }
}
