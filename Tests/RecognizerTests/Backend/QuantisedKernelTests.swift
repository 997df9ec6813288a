import CKernels
import TestSupport
import Testing

/// The loops around products of bytes, for each instruction set of this processor.
@Suite(.tags(.property)) struct QuantisedKernelTests {
    private static let sizes = [1, 3, 7, 8, 9, 33, 64, 100, 768]

    private func functions(_ set: UInt32) throws -> ckernels_functions {
        try #require(ckernels_functions_of(ckernels_instructions(set))).pointee
    }

    @Test(arguments: KernelTests.sets, sizes) func rowsComeBackWithinHalfAStep(set: UInt32, width: Int) throws {
        let quantise = try #require(try functions(set).quantise_rows)
        var numbers = SeededNumbers(seed: UInt64(width))
        for range in [-1...1, 0...5, -300 ... -200, -1e-6...1e-6] as [ClosedRange<Float>] {
            let x = numbers.floats(2 * width, in: range)
            var bytes = [UInt8](repeating: 77, count: 2 * width + 1)
            var (scales, zeros) = ([Float](repeating: 0, count: 2), [Int32](repeating: 0, count: 2))
            quantise(&bytes, &scales, &zeros, x, 2, width)
            #expect(bytes[2 * width] == 77, "written behind the last row")
            for i in 0..<2 * width {
                let back = scales[i / width] * Float(Int32(bytes[i]) - zeros[i / width])
                #expect(abs(back - x[i]) <= scales[i / width] * 1.01, "\(range): \(x[i]) came back as \(back)")
            }
        }
    }

    @Test(arguments: KernelTests.sets, sizes) func sumsBecomeNumbers(set: UInt32, columns: Int) throws {
        let finish = try #require(try functions(set).finish_sums)
        var numbers = SeededNumbers(seed: UInt64(columns))
        let rows = 2
        let sums = numbers.floats(rows * columns, in: -1e6...1e6).map { Int32($0) }
        let (scales, zeros) = ([Float(1e-3), 2e-3], [Int32(128), 3])
        let weightScales = numbers.floats(columns, in: 0.001...0.01)
        let weightSums = numbers.floats(columns, in: -5000...5000).map { Int32($0) }
        let bias = numbers.floats(columns)
        let before = numbers.floats(rows * columns)
        for hasBias in [true, false] {
            for kind in [CKERNELS_FINISH_STORE, CKERNELS_FINISH_QUICK_GELU, CKERNELS_FINISH_ACCUMULATE] {
                var out = before + [7]
                bias.withUnsafeBufferPointer { bias in
                    weightScales.withUnsafeBufferPointer { weightScales in
                        weightSums.withUnsafeBufferPointer { weightSums in
                            scales.withUnsafeBufferPointer { scales in
                                zeros.withUnsafeBufferPointer { zeros in
                                    var by = ckernels_quantised(
                                        row_scales: scales.baseAddress, row_zeros: zeros.baseAddress,
                                        weight_scales: weightScales.baseAddress, weight_sums: weightSums.baseAddress,
                                        bias: hasBias ? bias.baseAddress : nil)
                                    finish(&out, sums, &by, rows, columns, kind)
                                }
                            }
                        }
                    }
                }
                let expected = before.indices.map { index -> Float in
                    let (row, column) = (index / columns, index % columns)
                    let exact = Double(sums[index] - zeros[row] * weightSums[column])
                    let value =
                        exact * Double(weightScales[column]) * Double(scales[row])
                        + (hasBias ? Double(bias[column]) : 0)
                    return switch kind {
                    case CKERNELS_FINISH_QUICK_GELU: Float(value / (1 + exponential(-1.702 * value)))
                    case CKERNELS_FINISH_ACCUMULATE: Float(Double(before[index]) + value)
                    default: Float(value)
                    }
                }
                #expect(out.last == 7, "written behind the last row")
                expectClose(out.dropLast(), expected, .algebraic, "\(columns) columns, bias \(hasBias), \(kind)")
            }
        }
    }

    private func exponential(_ x: Double) -> Double { Double(ckernels_exp(Float(min(max(x, -80), 80)))) }

    @Test func everyBitCountsInAChecksum() {
        for count in [1, 31, 32, 33, 200] {
            var bytes = (0..<count).map { UInt8(truncatingIfNeeded: 31 * $0) }
            let whole = ckernels_checksum(bytes, count)
            #expect(ckernels_checksum(bytes, count - 1) != whole)
            for bit in 0..<8 * count {
                bytes[bit / 8] ^= 1 << (bit % 8)
                #expect(ckernels_checksum(bytes, count) != whole, "bit \(bit) of \(count) bytes")
                bytes[bit / 8] ^= 1 << (bit % 8)
            }
        }
    }
}
