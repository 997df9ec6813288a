import CKernels
import COpenBLAS

/// Attention of a few queries over many rows, with the key and value matrices absorbed into the queries' side.
///
/// `qᵀ (Wk y + bk)` is `(Wkᵀ q)ᵀ y` plus what all keys share, which the softmax drops; and as probabilities sum to one,
/// `sum p (Wv y + bv)` is `Wv (sum p y) + bv`. So neither keys nor values of the rows `y` are ever computed: for the T
/// class tokens of a window that is about a seventh of the work, and exact but for rounding.
struct PooledAttention {
    let width: Int
    let heads: Int
    /// (3D, D): queries, keys, values.
    private let weight: Parameter
    /// (3D)
    private let bias: Parameter

    init(weight: Parameter, bias: Parameter, width: Int) {
        MatrixProduct.prepare()
        self.weight = weight
        self.bias = bias
        self.width = width
        heads = width / ModelGeometry.headWidth
    }

    /// Scratch, made once; of one window but for `attended`.
    struct Scratch {
        /// (windows * T, D)
        let attended: FloatBuffer
        /// (T, D)
        let queries: FloatBuffer
        /// (T * H, D): absorbed queries, later the pooled rows.
        let absorbed: FloatBuffer
        /// (T * H, T * L)
        let scores: FloatBuffer

        init(windows: Int, frames: Int, tokens: Int, width: Int) {
            attended = FloatBuffer(count: windows * frames * width)
            let rows = frames * (width / ModelGeometry.headWidth)
            queries = FloatBuffer(count: frames * width)
            absorbed = FloatBuffer(count: rows * width)
            scores = FloatBuffer(count: rows * frames * tokens)
        }
    }

    /// Attention of a window's class tokens.
    ///
    /// - Parameters:
    ///   - out: (T, D), the heads side by side, before the output projection.
    ///   - y: (T, L, D), the normalised rows of the window.
    func forward(
        _ out: UnsafeMutablePointer<Float>, _ y: UnsafePointer<Float>, frames: Int, tokens: Int, mask: KroneckerMask,
        _ scratch: Scratch, _ pool: WorkerPool
    ) {
        let job = Window(
            of: self, out: out, y: y, frames: frames, tokens: tokens, mask: mask, queries: scratch.queries.pointer,
            absorbed: scratch.absorbed.pointer, scores: scratch.scores.pointer)
        pool.run(QueryJob(window: job), parts: heads)
        pool.run(ScoreJob(window: job), parts: Self.shares(of: job.keys))
        pool.run(SoftmaxJob(window: job), parts: frames)
        pool.run(PoolJob(window: job), parts: Self.shares(of: width))
        pool.run(ValueJob(window: job), parts: heads)
    }

    /// What the steps of one window share.
    private struct Window {
        let width: Int
        let heads: Int
        let weight: UnsafePointer<Float>
        let bias: UnsafePointer<Float>
        let out: UnsafeMutablePointer<Float>
        let y: UnsafePointer<Float>
        let frames: Int
        let tokens: Int
        let mask: KroneckerMask
        let queries: UnsafeMutablePointer<Float>
        let absorbed: UnsafeMutablePointer<Float>
        let scores: UnsafeMutablePointer<Float>

        var keys: Int { frames * tokens }

        init(
            of attention: PooledAttention, out: UnsafeMutablePointer<Float>, y: UnsafePointer<Float>, frames: Int,
            tokens: Int,
            mask: KroneckerMask, queries: UnsafeMutablePointer<Float>, absorbed: UnsafeMutablePointer<Float>,
            scores: UnsafeMutablePointer<Float>
        ) {
            width = attention.width
            heads = attention.heads
            weight = attention.weight.pointer
            bias = attention.bias.pointer
            self.out = out
            self.y = y
            self.frames = frames
            self.tokens = tokens
            self.mask = mask
            self.queries = queries
            self.absorbed = absorbed
            self.scores = scores
        }
    }

    /// One head's queries of the class tokens, and their product with the key matrix.
    private struct QueryJob: ParallelJob {
        let window: Window

        func run(part head: Int, worker: Int) {
            let (width, frames) = (window.width, window.frames)
            let head64 = ModelGeometry.headWidth
            let queries = window.queries + head * head64
            ckernels_set_rows(queries, width, window.bias + head * head64, frames, head64)
            // Class tokens stand L rows apart.
            cblas_sgemm(
                CblasRowMajor, CblasNoTrans, CblasTrans, blasint(frames), blasint(head64), blasint(width), 1, window.y,
                blasint(window.tokens * width), window.weight + head * head64 * width, blasint(width), 1, queries,
                blasint(width))
            // Rows of a head lie H apart, so that a frame's heads are neighbours.
            cblas_sgemm(
                CblasRowMajor, CblasNoTrans, CblasNoTrans, blasint(frames), blasint(width), blasint(head64), 1, queries,
                blasint(width), window.weight + (width + head * head64) * width, blasint(width), 0,
                window.absorbed + head * width, blasint(window.heads * width))
        }
    }

    /// Scores of all queries with a share of the keys.
    private struct ScoreJob: ParallelJob {
        let window: Window

        func run(part: Int, worker: Int) {
            let (begin, count) = PooledAttention.share(part, of: window.keys)
            cblas_sgemm(
                CblasRowMajor, CblasNoTrans, CblasTrans, blasint(window.frames * window.heads), blasint(count),
                blasint(window.width), 1, window.absorbed, blasint(window.width), window.y + begin * window.width,
                blasint(window.width), 0, window.scores + begin, blasint(window.keys))
        }
    }

    /// Turns one frame's scores into probabilities; keys that the mask hides get none.
    private struct SoftmaxJob: ParallelJob {
        let window: Window

        func run(part frame: Int, worker: Int) {
            let tokens = window.tokens
            let own = frame * tokens
            for head in 0..<window.heads {
                let row = window.scores + (frame * window.heads + head) * window.keys
                for key in own + 1..<own + tokens { row[key] = -.infinity }
                if window.mask == .kmct {
                    for key in own + tokens..<max(window.keys, own + tokens) { row[key] = -.infinity }
                }
                ckernels_softmax(row, window.keys, 0.125)
            }
        }
    }

    /// A share of the columns of the rows' weighted sums.
    private struct PoolJob: ParallelJob {
        let window: Window

        func run(part: Int, worker: Int) {
            let (begin, count) = PooledAttention.share(part, of: window.width)
            cblas_sgemm(
                CblasRowMajor, CblasNoTrans, CblasNoTrans, blasint(window.frames * window.heads), blasint(count),
                blasint(window.keys), 1, window.scores, blasint(window.keys), window.y + begin, blasint(window.width),
                0,
                window.absorbed + begin, blasint(window.width))
        }
    }

    /// One head's value matrix on its pooled rows.
    private struct ValueJob: ParallelJob {
        let window: Window

        func run(part head: Int, worker: Int) {
            let width = window.width
            let head64 = ModelGeometry.headWidth
            let out = window.out + head * head64
            ckernels_set_rows(out, width, window.bias + 2 * width + head * head64, window.frames, head64)
            cblas_sgemm(
                CblasRowMajor, CblasNoTrans, CblasTrans, blasint(window.frames), blasint(head64), blasint(width), 1,
                window.absorbed + head * width, blasint(window.heads * width),
                window.weight + (2 * width + head * head64) * width, blasint(width), 1, out, blasint(width))
        }
    }

    /// Keys, or columns, of a part. Not a worker's share: where a part ends changes how the library rounds.
    private static let shareWidth = 128

    private static func shares(of count: Int) -> Int { (count + shareWidth - 1) / shareWidth }

    /// Where part `part` of `count` items begins and how many it has.
    fileprivate static func share(_ part: Int, of count: Int) -> (begin: Int, count: Int) {
        (part * shareWidth, min(shareWidth, count - part * shareWidth))
    }
}
