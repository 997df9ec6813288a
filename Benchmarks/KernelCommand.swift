import ArgumentParser
import CKernels

/// Runs one vector loop, for a program that counts instructions.
struct KernelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kernel", abstract: "Runs a vector loop on the rows of a ViT-B/32 frame, for check-counts.")

    enum Kernel: String, CaseIterable, ExpressibleByArgument {
        case layerNorm = "layer-norm"
        case combine
        case quickGELU = "quick-gelu"
        case softmax
        case attend
        case quantise
        case finish
    }

    @Argument(help: "\(Kernel.allCases.map(\.rawValue).joined(separator: ", ")).") var kernel: Kernel
    @Argument(help: "How often.") var repeats: Int

    private static let tokens = 50
    private static let width = 768

    func run() {
        let (tokens, width) = (Self.tokens, Self.width)
        let wide = 4 * width
        let rows = [Float](repeating: 0.25, count: tokens * wide)
        let vector = [Float](repeating: 0.5, count: wide)
        var out = [Float](repeating: 0, count: tokens * wide)
        var bytes = [UInt8](repeating: 0, count: tokens * width)
        var zeros = [Int32](repeating: 1, count: wide)
        let sums = [Int32](repeating: 7, count: tokens * wide)
        for _ in 0..<repeats {
            switch kernel {
            case .layerNorm: ckernels_layer_norm(&out, rows, width, vector, vector, tokens, width, 1e-5)
            case .combine:
                ckernels_combine_normalised(
                    &out, rows, vector, vector, vector, rows, tokens, width, 3 * width, 1e-5)
            case .quickGELU: ckernels_quick_gelu(&out, wide, tokens, wide)
            case .softmax:
                out.withUnsafeMutableBufferPointer { out in
                    guard let scores = out.baseAddress else { return }
                    for row in 0..<tokens { ckernels_softmax(scores + row * wide, 8 * tokens, 0.125) }
                }
            case .attend: attend(rows, &out)
            case .quantise: ckernels_quantise_rows(&bytes, &out, &zeros, rows, tokens, width)
            case .finish: finish(&out, sums, vector, zeros)
            }
        }
    }

    /// A frame's queries of one head over all keys of a window of eight.
    private func attend(_ rows: [Float], _ out: inout [Float]) {
        let keys = 8 * Self.tokens
        let stride = keys + Int(CKERNELS_SCORE_PADDING)
        let transposed = [Float](repeating: 0.1, count: Int(CKERNELS_HEAD) * stride)
        var scores = [Float](repeating: 0, count: Self.tokens * stride)
        rows.withUnsafeBufferPointer { rows in
            transposed.withUnsafeBufferPointer { transposed in
                scores.withUnsafeMutableBufferPointer { scores in
                    out.withUnsafeMutableBufferPointer { out in
                        var task = ckernels_attention()
                        (task.out, task.out_stride) = (out.baseAddress, Int(CKERNELS_HEAD))
                        (task.queries, task.query_stride) = (rows.baseAddress, Int(CKERNELS_HEAD))
                        (task.keys, task.key_stride) = (rows.baseAddress, Int(CKERNELS_HEAD))
                        (task.values, task.value_stride) = (rows.baseAddress, Int(CKERNELS_HEAD))
                        (task.transposed, task.transposed_stride) = (transposed.baseAddress, stride)
                        (task.rows, task.first_end, task.scale) = (Self.tokens, keys, 0.125)
                        (task.own_first, task.scores, task.score_stride) = (-1, scores.baseAddress, stride)
                        ckernels_attend(&task)
                    }
                }
            }
        }
    }

    private func finish(_ out: inout [Float], _ sums: [Int32], _ scales: [Float], _ zeros: [Int32]) {
        scales.withUnsafeBufferPointer { scales in
            zeros.withUnsafeBufferPointer { zeros in
                var by = ckernels_quantised()
                (by.row_scales, by.row_zeros) = (scales.baseAddress, zeros.baseAddress)
                (by.weight_scales, by.weight_sums) = (scales.baseAddress, zeros.baseAddress)
                ckernels_finish_sums(
                    &out, sums, &by, Self.tokens, 4 * Self.width, CKERNELS_FINISH_QUICK_GELU)
            }
        }
    }
}
