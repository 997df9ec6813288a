import CKernels
import COpenBLAS

/// The portable base and the truth: float32 through OpenBLAS, weights where the checkpoint has them.
struct OpenBLAS: LinearFactory {
    init() {
        Self.useOneThread
    }

    var description: String { "OpenBLAS \(LinkedLibrary.openBLAS.version) float32" }

    func makeLinear(
        name: String, weight: @autoclosure () throws -> Parameter, bias: Parameter?, outputs: Int, inputs: Int
    ) throws -> any Linear {
        makeLinear(try weight(), bias: bias, outputs: outputs, inputs: inputs)
    }

    /// A layer of weights that are there, (outputs, inputs).
    func makeLinear(_ weight: Parameter, bias: Parameter? = nil, outputs: Int, inputs: Int) -> any Linear {
        OpenBLASLinear(weight: weight, bias: bias, inputs: inputs, outputs: outputs)
    }

    /// OpenBLAS's threaded products can return wrong results when several threads call them (OpenMathLib/OpenBLAS #5836);
    /// with one thread each they are safe, and `WorkerPool` does the splitting.
    private static let useOneThread: Void = openblas_set_num_threads(1)
}

/// Splits by columns: each worker then packs only its own share of the weights, which is most of the memory traffic when a
/// stream brings one frame at a time. Where a share ends changes how the library rounds, so shares do not depend on the workers.
private struct OpenBLASLinear: Linear {
    private static let columns = 192

    let weight: Parameter
    let bias: Parameter?
    let inputs: Int
    let outputs: Int

    func forward(_ out: Activations, _ x: Activations, rows: Int, epilogue: LinearEpilogue, pool: WorkerPool) {
        let job = ColumnsJob(layer: self, out: out.floats, x: x.floats, rows: rows, epilogue: epilogue)
        pool.run(job, parts: (outputs + Self.columns - 1) / Self.columns)
    }

    private struct ColumnsJob: ParallelJob {
        let layer: OpenBLASLinear
        let out: UnsafeMutablePointer<Float>
        let x: UnsafePointer<Float>
        let rows: Int
        let epilogue: LinearEpilogue

        func run(part: Int, worker: Int) {
            let begin = part * OpenBLASLinear.columns
            let count = min(OpenBLASLinear.columns, layer.outputs - begin)
            let (outputs, inputs) = (layer.outputs, layer.inputs)
            let to = out + begin
            var keep: Float = epilogue == .accumulate ? 1 : 0
            if let bias = layer.bias {
                if epilogue == .accumulate {
                    ckernels_add_rows(to, outputs, bias.pointer + begin, rows, count)
                } else {
                    ckernels_set_rows(to, outputs, bias.pointer + begin, rows, count)
                }
                keep = 1
            }
            cblas_sgemm(
                CblasRowMajor, CblasNoTrans, CblasTrans, blasint(rows), blasint(count), blasint(inputs), 1, x,
                blasint(inputs),
                layer.weight.pointer + begin * inputs, blasint(inputs), keep, to, blasint(outputs))
            if epilogue == .quickGELU { ckernels_quick_gelu(to, outputs, rows, count) }
        }
    }
}
