import CKernels

/// `dWeight = dOutᵀ x`, or that added to it, and `dBias +=` the sum of the rows of `dOut`.
struct WeightGradient {
    /// (outputs, inputs)
    let dWeight: UnsafeMutablePointer<Float>
    /// (outputs)
    let dBias: UnsafeMutablePointer<Float>?
    /// (rows, outputs)
    let dOut: UnsafePointer<Float>
    /// (rows, inputs)
    let x: UnsafePointer<Float>
    let xLayout: MatrixLayout
    let outputs: Int
    let inputs: Int
    let rows: Int
    /// How `dWeight` stands, see `ParameterLayout.Entry`.
    let panel: Int?
}

/// Sums weight gradients over the rows of a batch, those of several layers at once so that all workers are busy.
///
/// A small matrix is summed in slices of the rows, each with memory of its own, and the slices are added in their order; a
/// large one in stretches of its outputs, in place. Both divisions follow from the shapes and the precision alone.
final class WeightGradientSum {
    /// Matrices up to this size are summed in slices.
    private static let smallMatrix = 1 << 17
    private static let mostSlices = 8
    private static let rowsOfSlice = 256

    private let kernels: ckernels_training_functions
    private let scratch: FloatBuffer
    private var slices = FloatBuffer(count: 0)

    init(_ kernels: ckernels_training_functions, workers: Int) {
        self.kernels = kernels
        scratch = FloatBuffer(count: workers * Int(CKERNELS_OUTER_SCRATCH))
    }

    /// Stretches of which two workers get the same number, each of whole steps of the kernel's.
    private func outputsOfStretch(_ outputs: Int) -> Int {
        let most = kernels.part_outputs
        let (count, step) = ((outputs + 2 * most - 1) / (2 * most) * 2, 6)
        return ((outputs + count - 1) / count + step - 1) / step * step
    }

    private struct Part {
        let task: WeightGradient
        let outputs: Range<Int>
        let rows: Range<Int>
        /// Floats from the start of the slices' memory; nil for sums in place.
        let slice: Int?

        var work: Int { outputs.count * task.inputs * rows.count }
    }

    private struct Reduction {
        let task: WeightGradient
        let slices: Int
        let begin: Int
    }

    /// Whether sums are added to the weights' gradients rather than put in their place. Biases are always added to.
    var adds = true

    func run(_ tasks: [WeightGradient?], _ pool: WorkerPool) {
        var parts: [Part] = []
        var reductions: [Reduction] = []
        var used = 0
        for case let task? in tasks {
            let count = task.outputs * task.inputs
            let slices = min(Self.mostSlices, task.rows / Self.rowsOfSlice)
            if count <= Self.smallMatrix && slices > 1 {
                let size = count + task.outputs
                reductions.append(Reduction(task: task, slices: slices, begin: used))
                let each = (task.rows + slices - 1) / slices
                for slice in 0..<slices {
                    parts.append(
                        Part(
                            task: task, outputs: 0..<task.outputs,
                            rows: slice * each..<min((slice + 1) * each, task.rows), slice: used))
                    used += size
                }
            } else {
                let each = outputsOfStretch(task.outputs)
                for begin in stride(from: 0, to: task.outputs, by: each) {
                    let end = min(begin + each, task.outputs)
                    parts.append(Part(task: task, outputs: begin..<end, rows: 0..<task.rows, slice: nil))
                }
            }
        }
        if slices.count < used { slices = FloatBuffer(count: used) }
        // The longest first, so that no worker is left with one at the end.
        parts.sort { $0.work > $1.work }
        pool.forEach(parts: parts.count) { part, worker in run(parts[part], worker: worker) }
        pool.forEach(parts: reductions.count) { part, _ in reduce(reductions[part]) }
    }

    private func run(_ part: Part, worker: Int) {
        let task = part.task
        let dOut = task.dOut + part.rows.lowerBound * task.outputs + part.outputs.lowerBound
        let count = task.outputs * task.inputs
        let row = task.panel ?? task.inputs
        let dWeight = part.slice.map { slices.pointer + $0 } ?? task.dWeight + part.outputs.lowerBound * row
        let x = task.x + part.rows.lowerBound * task.xLayout.row
        if task.inputs.isMultiple(of: 64) {
            kernels.outer_product(
                dWeight, row, task.panel.map { $0 * task.outputs } ?? kernels.panel, dOut, task.outputs, x,
                task.xLayout, part.rows.count, part.outputs.count, task.inputs, part.slice == nil && adds ? 1 : 0,
                scratch.pointer + worker * Int(CKERNELS_OUTER_SCRATCH))
        } else {
            MatrixProduct.transposedTimes(
                dWeight, stride: task.inputs, dOut, stride: task.outputs, x, stride: task.xLayout.row,
                rows: part.outputs.count, columns: task.inputs, depth: part.rows.count,
                keep: part.slice == nil && adds ? 1 : 0)
        }
        guard let dBias = task.dBias else { return }
        if let slice = part.slice {
            let sum = slices.pointer + slice + count
            sum.update(repeating: 0, count: task.outputs)
            kernels.add_columns(sum, dOut, task.outputs, part.rows.count, task.outputs)
        } else {
            kernels.add_columns(
                dBias + part.outputs.lowerBound, dOut, task.outputs, part.rows.count, part.outputs.count)
        }
    }

    private func reduce(_ reduction: Reduction) {
        let task = reduction.task
        let count = task.outputs * task.inputs
        for slice in 0..<reduction.slices {
            let at = slices.pointer + reduction.begin + slice * (count + task.outputs)
            if slice == 0 && !adds {
                task.dWeight.update(from: at, count: count)
            } else {
                kernels.add(task.dWeight, at, count)
            }
            if let dBias = task.dBias { kernels.add(dBias, at + count, task.outputs) }
        }
    }
}
