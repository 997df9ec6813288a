import CKernels
import Foundation
import TestSupport
import Testing

/// The vector loops, for each instruction set of this processor, against plain arithmetic in double precision.
@Suite(.tags(.property)) struct KernelTests {
    static let sets = [CKERNELS_PORTABLE, CKERNELS_AVX2, CKERNELS_AVX512].filter { ckernels_functions_of($0) != nil }
        .map(\.rawValue)
    private static let sizes = [1, 3, 7, 8, 9, 33, 64, 100, 768]

    private func functions(_ set: UInt32) throws -> ckernels_functions {
        try #require(ckernels_functions_of(ckernels_instructions(set))).pointee
    }

    @Test func theFastestSetIsUsed() throws {
        let names = ["portable", "AVX2", "AVX-512"]
        let fastest = try #require(Self.sets.max())
        #expect(String(cString: ckernels_instruction_set()) == names[Int(fastest)])
    }

    @Test(arguments: sets, sizes) func layerNorm(set: UInt32, width: Int) throws {
        let norm = try #require(try functions(set).layer_norm)
        var numbers = SeededNumbers(seed: UInt64(width))
        let (rows, stride) = (3, width + 5)
        // The last row lies far from zero: the variance must not be a difference of large numbers.
        var input = numbers.floats(rows * stride)
        for index in 2 * stride..<3 * stride { input[index] += 1000 }
        let (weight, bias) = (numbers.floats(width), numbers.floats(width))
        var expected: [Float] = []
        for row in 0..<rows {
            let values = input[row * stride..<row * stride + width].map(Double.init)
            let mean = values.reduce(0, +) / Double(width)
            let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(width)
            for i in 0..<width {
                let normalised = (values[i] - mean) / (variance + 1e-5).squareRoot()
                expected.append(Float(normalised * Double(weight[i]) + Double(bias[i])))
            }
        }
        var out = [Float](repeating: .nan, count: rows * width + 1)
        norm(&out, input, stride, weight, bias, rows, width, 1e-5)
        #expect(out[rows * width].isNaN, "written behind the last row")
        // A value near 1000 has seven digits, of which the mean takes three.
        expectClose(out.prefix(2 * width), expected.prefix(2 * width), .kernels, "layer norm of \(width)")
        expectClose(
            out[2 * width..<3 * width], expected[(2 * width)...], Tolerance(absolute: 2e-3), "far from zero, \(width)")

        var inPlace = Array(input[..<width])
        inPlace.withUnsafeMutableBufferPointer {
            norm($0.baseAddress, $0.baseAddress, width, weight, bias, 1, width, 1e-5)
        }
        expectClose(inPlace, out.prefix(width), .exact, "in place, \(width)")
    }

    @Test(arguments: sets, sizes) func quickGELU(set: UInt32, columns: Int) throws {
        let gelu = try #require(try functions(set).quick_gelu)
        var numbers = SeededNumbers(seed: UInt64(columns))
        let (rows, stride) = (3, columns + 3)
        let input = numbers.floats(rows * stride, in: -8...8)
        var out = input
        gelu(&out, stride, rows, columns)
        let expected = input.enumerated().map { index, x in
            index % stride < columns ? Float(Double(x) / (1 + exp(-1.702 * Double(x)))) : x
        }
        expectClose(out, expected, .kernels, "quick GELU of \(columns) columns")
    }

    @Test(arguments: sets) func quickGELUOfExtremes(set: UInt32) throws {
        let gelu = try #require(try functions(set).quick_gelu)
        var out: [Float] = [0, -0.0, 60, 1e30, -60, -1e30, .nan, .infinity]
        gelu(&out, out.count, 1, out.count)
        #expect(out[0] == 0 && out[1] == 0 && out[2] == 60 && out[3] == 1e30)
        #expect(abs(out[4]) < 1e-30 && abs(out[5]) < 1e-6)
        #expect(out[6].isNaN && out[7] == .infinity)
    }

    @Test(arguments: sets, [1, 2, 3, 7, 8, 9, 15, 16, 17, 33, 400]) func softmax(set: UInt32, count: Int) throws {
        let softmax = try #require(try functions(set).softmax)
        var numbers = SeededNumbers(seed: UInt64(count))
        let scores = numbers.floats(count)
        for scale: Float in [0, 1, 100] {
            var out = scores
            softmax(&out, count, scale)
            let largest = Double(scores.max() ?? 0)
            let weights = scores.map { exp(Double(scale) * (Double($0) - largest)) }
            let total = weights.reduce(0, +)
            expectClose(out, weights.map { Float($0 / total) }, .kernels, "softmax of \(count) times \(scale)")
        }
    }

    @Test(arguments: sets) func softmaxOfExtremes(set: UInt32) throws {
        let softmax = try #require(try functions(set).softmax)
        for count in [2, 5, 8, 16, 19, 40] {
            var far = [Float](repeating: -3e38, count: count)
            far[count - 1] = 3e38
            softmax(&far, count, 1)
            #expect(far[count - 1] == 1 && far.dropLast().allSatisfy { $0 < 1e-30 }, "\(count)")
            var least = [Float](repeating: 1, count: count)
            least[0] = -.infinity
            softmax(&least, count, 1)
            #expect(least[0] < 1e-30 && abs(least[1] * Float(count - 1) - 1) < 1e-5, "\(count)")
        }
    }

    /// A model that computes NaN must not look like one that is undecided.
    @Test(arguments: sets, [Float.nan, Float.infinity, -Float.nan, Float(nan: 0x1ff, signaling: false)])
    func softmaxOfWhatIsNotFiniteIsNotFinite(set: UInt32, poison: Float) throws {
        let softmax = try #require(try functions(set).softmax)
        for count in [1, 3, 8, 16, 19, 33] {
            for place in Set([0, count / 2, count - 1]) {
                var scores = [Float](repeating: 0.5, count: count)
                scores[place] = poison
                softmax(&scores, count, 14)
                #expect(scores.allSatisfy { $0.isNaN }, "\(poison) at \(place) of \(count): \(scores)")
            }
            var all = [Float](repeating: poison, count: count)
            softmax(&all, count, 14)
            #expect(all.allSatisfy { $0.isNaN }, "\(count) times \(poison)")
        }
    }

    @Test(arguments: sets, sizes) func matrixVector(set: UInt32, columns: Int) throws {
        let product = try #require(try functions(set).matrix_vector)
        var numbers = SeededNumbers(seed: UInt64(columns))
        let (matrix, vector) = (numbers.floats(5 * columns), numbers.floats(columns))
        var out = [Float](repeating: .nan, count: 6)
        product(&out, matrix, vector, 5, columns)
        #expect(out[5].isNaN)
        let expected = (0..<5).map { row in
            Float((0..<columns).reduce(0) { $0 + Double(matrix[row * columns + $1]) * Double(vector[$1]) })
        }
        expectClose(out.prefix(5), expected, .kernels, "product of \(columns) columns")
    }

    /// Two ranges of keys, an own one, more rows than a tile, in every instruction set.
    @Test(arguments: sets, [1, 3, 7, 8, 9, 33]) func attention(set: UInt32, rows: Int) throws {
        let attend = try #require(try functions(set).attend)
        let transposeKeys = try #require(try functions(set).transpose_keys)
        for (first, second, own) in [
            (0..<0, 0..<0, true), (0..<5, 5..<5, true), (0..<9, 20..<53, true), (0..<53, 0..<0, false),
        ] {
            let keyCount = 60
            var numbers = SeededNumbers(seed: UInt64(rows))
            let (queries, keys, values) = (
                numbers.floats(rows * 64, in: -2...2), numbers.floats(keyCount * 64, in: -2...2),
                numbers.floats(keyCount * 64)
            )
            let stride = keyCount + 1 + Int(CKERNELS_SCORE_PADDING)
            var transposed = [Float](repeating: .nan, count: 64 * stride)
            var scores = [Float](repeating: .nan, count: rows * stride)
            var out = [Float](repeating: .nan, count: rows * 64 + 64)
            transposeKeys(&transposed, stride, keys, 64, keyCount)
            queries.withUnsafeBufferPointer { queries in
                keys.withUnsafeBufferPointer { keys in
                    values.withUnsafeBufferPointer { values in
                        transposed.withUnsafeBufferPointer { transposed in
                            scores.withUnsafeMutableBufferPointer { scores in
                                out.withUnsafeMutableBufferPointer { out in
                                    var task = ckernels_attention(
                                        out: out.baseAddress, out_stride: 64, queries: queries.baseAddress,
                                        query_stride: 64, transposed: transposed.baseAddress, transposed_stride: stride,
                                        keys: keys.baseAddress, key_stride: 64, values: values.baseAddress,
                                        value_stride: 64, rows: rows, first_begin: first.lowerBound,
                                        first_end: first.upperBound, second_begin: second.lowerBound,
                                        second_end: second.upperBound, own_first: own ? 2 : -1, own_step: 1, causal: 0,
                                        causal_first: 0, scale: 0.125, scores: scores.baseAddress, score_stride: stride)
                                    attend(&task)
                                }
                            }
                        }
                    }
                }
            }
            #expect(out.suffix(64).allSatisfy { $0.isNaN }, "written behind the last row")
            func rowsOf(_ values: [Float]) -> [[Float]] {
                (0..<values.count / 64).map { Array(values[$0 * 64..<$0 * 64 + 64]) }
            }
            // The own key stands behind the ranges, as one more.
            let expected = rowsOf(queries).indices.flatMap { row in
                let seen = Array(first) + Array(second) + (own ? [2 + row] : [])
                return AttentionReference.attend(
                    queries: [rowsOf(queries)[row]], keys: seen.map { rowsOf(keys)[$0] },
                    values: seen.map { rowsOf(values)[$0] }
                ) { _, _ in true }.joined()
            }
            expectClose(out.prefix(rows * 64), expected, .kernels, "\(rows) rows, keys \(first) \(second), own \(own)")
        }
    }

    @Test(arguments: sets, [1, 4, 15, 16, 50]) func transposedKeys(set: UInt32, count: Int) throws {
        let transposeKeys = try #require(try functions(set).transpose_keys)
        let padding = Int(CKERNELS_SCORE_PADDING)
        var numbers = SeededNumbers(seed: UInt64(count))
        let (keyStride, stride) = (70, count + padding + 1)
        let keys = numbers.floats(count * keyStride)
        var transposed = [Float](repeating: .nan, count: 64 * stride)
        transposeKeys(&transposed, stride, keys, keyStride, count)
        for d in 0..<64 {
            let row = Array(transposed[d * stride..<(d + 1) * stride])
            #expect(Array(row.prefix(count)) == (0..<count).map { keys[$0 * keyStride + d] })
            #expect(row[count..<count + padding].allSatisfy { $0 == 0 })
            #expect(row[stride - 1].isNaN, "written behind the padding")
        }
    }

    @Test func lengthOfNothingIsNotZero() {
        #expect(ckernels_length([0, 0, 0], 3) == 1e-12)
        #expect(ckernels_length([3, 4], 2) == 5)
    }
}
