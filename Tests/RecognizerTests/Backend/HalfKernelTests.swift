import CKernels
import Foundation
import TestSupport
import Testing

@testable import Recognizer

/// The loops over bfloat16, for each instruction set of this processor, against plain arithmetic on the same rounded numbers.
@Suite(.tags(.property)) struct HalfKernelTests {
    private static let sets = [CKERNELS_PORTABLE, CKERNELS_AVX512].filter { ckernels_half_functions_of($0) != nil }
        .map(\.rawValue)
    private static let sizes = [1, 3, 7, 8, 9, 33, 64, 100, 768]
    /// A result is rounded to 8 bits; probabilities are too before they weigh values.
    private static let rounding = Tolerance(absolute: 1e-6, relative: 0.0040)
    private static let attention = Tolerance(absolute: 0.02, relative: 0.01)

    private func functions(_ set: UInt32) throws -> ckernels_half_functions {
        try #require(ckernels_half_functions_of(ckernels_instructions(set))).pointee
    }

    private func floats(_ halves: some Collection<UInt16>) -> [Float] {
        halves.map { Float(bitPattern: UInt32($0) << 16) }
    }

    private func halves(_ set: UInt32, _ values: [Float]) throws -> [UInt16] {
        let rows = try #require(try functions(set).rows)
        var out = [UInt16](repeating: 0, count: values.count)
        rows(&out, values, values.count)
        return out
    }

    @Test(arguments: sets) func roundsToNearestAndTiesToEven(set: UInt32) throws {
        let found = try halves(
            set, [1, -2, 0, Float(bitPattern: 0x3f80_8000), Float(bitPattern: 0x3f81_8000), .infinity, .nan, 3e38])
        #expect(found.prefix(6) == [0x3f80, 0xc000, 0, 0x3f80, 0x3f82, 0x7f80])
        #expect(floats(found[6...6])[0].isNaN)
        #expect(found[7] == 0x7f62)
    }

    @Test(arguments: sets, sizes) func normalisesAsInFloat(set: UInt32, width: Int) throws {
        let norm = try #require(try functions(set).layer_norm)
        var numbers = SeededNumbers(seed: UInt64(width))
        let rows = 3
        let input = numbers.floats(rows * width)
        let (weight, bias) = (numbers.floats(width), numbers.floats(width))
        var expected = [Float](repeating: 0, count: rows * width)
        ckernels_layer_norm(&expected, input, width, weight, bias, rows, width, 1e-5)
        var out = [UInt16](repeating: 0xffff, count: rows * width + 1)
        norm(&out, input, width, weight, bias, rows, width, 1e-5)
        #expect(out.last == 0xffff, "written behind the last row")
        expectClose(floats(out.dropLast()), expected, Self.rounding, "layer norm of \(width)")
    }

    @Test(arguments: sets, sizes) func combinesAsInFloat(set: UInt32, columns: Int) throws {
        let combine = try #require(try functions(set).combine_normalised)
        var numbers = SeededNumbers(seed: UInt64(columns))
        let (rows, width) = (2, 40)
        let (kept, slot, ones) = (numbers.floats(rows * columns), numbers.floats(columns), numbers.floats(columns))
        let (bias, x) = (numbers.floats(columns), numbers.floats(rows * width))
        var expected = [Float](repeating: 0, count: rows * columns)
        ckernels_combine_normalised(&expected, kept, slot, ones, bias, x, rows, width, columns, 1e-5)
        var out = [UInt16](repeating: 0xffff, count: rows * columns + 1)
        combine(&out, kept, slot, ones, bias, x, rows, width, columns, 1e-5)
        #expect(out.last == 0xffff, "written behind the last row")
        expectClose(floats(out.dropLast()), expected, Self.rounding, "\(columns) columns")
    }

    /// Within a step of the float form, whose rounding may differ in the last bit of a product.
    @Test(arguments: sets, sizes) func quantisesAsInFloat(set: UInt32, columns: Int) throws {
        let quantise = try #require(try functions(set).quantise_row)
        var numbers = SeededNumbers(seed: UInt64(columns))
        for spoiler in [nil, Float.nan, .infinity, -.infinity] {
            var values = numbers.floats(columns, in: -3...5)
            if let spoiler { values[columns / 2] = spoiler }
            let row = try halves(set, values)
            var (expected, out) = ([UInt8](repeating: 0, count: columns), [UInt8](repeating: 7, count: columns + 1))
            var (scales, zeros): ((Float, Float), (Int32, Int32)) = ((0, 0), (0, 0))
            ckernels_quantise_rows(&expected, &scales.0, &zeros.0, floats(row), 1, columns)
            quantise(&out, &scales.1, &zeros.1, row, columns)
            #expect(out.last == 7, "written behind the row")
            let isNear = zip(out, expected).allSatisfy { abs(Int($0) - Int($1)) <= 1 }
            #expect(isNear, "\(columns) columns, \(spoiler ?? 0)")
            #expect(scales.0 == scales.1 || scales.0.isNaN && scales.1.isNaN)
            #expect(zeros.0 == zeros.1)
        }
    }

    @Test(arguments: sets, sizes) func bendsAsInFloat(set: UInt32, columns: Int) throws {
        let gelu = try #require(try functions(set).quick_gelu)
        var numbers = SeededNumbers(seed: UInt64(columns))
        let (rows, stride) = (3, columns + 3)
        var values = try halves(set, numbers.floats(rows * stride, in: -8...8))
        let expected = floats(values).enumerated().map { index, x in
            index % stride < columns ? Float(Double(x) / (1 + exp(-1.702 * Double(x)))) : x
        }
        gelu(&values, stride, rows, columns)
        expectClose(floats(values), expected, Self.rounding, "quick GELU of \(columns) columns")
        var extremes = try halves(set, [0, 60, 1e30, -60, -1e30, .nan, .infinity])
        gelu(&extremes, extremes.count, 1, extremes.count)
        let bent = floats(extremes)
        #expect(bent[0] == 0 && bent[1] == 60 && abs(bent[2] / 1e30 - 1) < 0.01)
        #expect(abs(bent[3]) < 1e-30 && abs(bent[4]) < 1e-6 && bent[5].isNaN && !bent[6].isFinite)
    }

    /// A frame's queries over two ranges of keys, or one that grows from query to query.
    @Test(
        arguments: sets,
        [
            (first: 33, second: 33..<33, own: false, causal: false),
            (first: 0, second: 0..<0, own: true, causal: false),
            (first: 16, second: 16..<16, own: false, causal: true),
            (first: 37, second: 37..<37, own: false, causal: true),
            (first: 5, second: 10..<45, own: true, causal: false), (first: 7, second: 8..<9, own: true, causal: false),
            (first: 100, second: 150..<199, own: true, causal: false),
        ])
    func attendsToWhatIsSeen(set: UInt32, to keys: (first: Int, second: Range<Int>, own: Bool, causal: Bool)) throws {
        let functions = try functions(set)
        let count = max(keys.first, keys.second.upperBound, 17)
        let rows = keys.causal ? keys.first : keys.second.isEmpty ? 7 : max(keys.second.lowerBound - keys.first, 1)
        var numbers = SeededNumbers(seed: UInt64(count + rows))
        let stride = 3 * 64
        let projected = try halves(set, numbers.floats(max(count, rows) * stride, in: -2...2))
        let blocks = (count + 15) / 16
        var packedKeys = [UInt32](repeating: .max, count: blocks * 16 * 32)
        var packedValues = packedKeys
        var scores = [Float](repeating: .nan, count: rows * blocks * 16)
        var out = [UInt16](repeating: 0xffff, count: rows * 64 + 1)
        projected.withUnsafeBufferPointer { projected in
            guard let base = projected.baseAddress else { return }
            functions.pack_keys(&packedKeys, base + 64, stride, count)
            functions.pack_values(&packedValues, base + 128, stride, count)
            packedKeys.withUnsafeBufferPointer { packedKeys in
                packedValues.withUnsafeBufferPointer { packedValues in
                    scores.withUnsafeMutableBufferPointer { scores in
                        out.withUnsafeMutableBufferPointer { out in
                            var task = ckernels_half_attention()
                            (task.out, task.out_stride) = (out.baseAddress, 64)
                            (task.queries, task.query_stride) = (base, stride)
                            (task.packed_keys, task.packed_values) = (packedKeys.baseAddress, packedValues.baseAddress)
                            (task.keys, task.values, task.key_stride) = (base + 64, base + 128, stride)
                            (task.rows, task.scale) = (rows, 0.125)
                            (task.first_end, task.second_begin) = (keys.first, keys.second.lowerBound)
                            task.second_end = keys.second.upperBound
                            task.own_first = keys.own ? keys.first : -1
                            task.causal = keys.causal ? 1 : 0
                            (task.scores, task.score_stride) = (scores.baseAddress, blocks * 16)
                            functions.attend(&task)
                        }
                    }
                }
            }
        }
        #expect(out.last == 0xffff, "written behind the last row")
        let numbersRead = floats(projected)
        func part(_ part: Int, _ count: Int) -> [[Float]] {
            (0..<count).map { Array(numbersRead[$0 * stride + part * 64..<$0 * stride + part * 64 + 64]) }
        }
        let all = max(count, rows)
        let expected = AttentionReference.attend(
            queries: part(0, rows), keys: part(1, all), values: part(2, all)
        ) { row, key in
            (key < keys.first && (!keys.causal || key <= row)) || keys.second.contains(key)
                || (keys.own && key == keys.first + row)
        }
        expectClose(floats(out.dropLast()), expected.flatMap { $0 }, Self.attention, "\(keys)")
    }

    @Test(arguments: sets) func aValueThatIsNoNumberSpoilsTheQueriesThatSeeIt(set: UInt32) throws {
        let functions = try functions(set)
        let stride = 3 * 64
        var numbers = SeededNumbers(seed: 5)
        var values = numbers.floats(16 * stride)
        values[9 * stride + 64 + 3] = .nan
        let projected = try halves(set, values)
        var packed = [UInt32](repeating: 0, count: 2 * 16 * 32)
        var scores = [Float](repeating: 0, count: 16 * 16)
        var out = [UInt16](repeating: 0, count: 16 * 64)
        projected.withUnsafeBufferPointer { projected in
            packed.withUnsafeMutableBufferPointer { packed in
                scores.withUnsafeMutableBufferPointer { scores in
                    out.withUnsafeMutableBufferPointer { out in
                        guard let base = projected.baseAddress, let packedKeys = packed.baseAddress else { return }
                        functions.pack_keys(packedKeys, base + 64, stride, 16)
                        functions.pack_values(packedKeys + 16 * 32, base + 128, stride, 16)
                        var task = ckernels_half_attention()
                        (task.out, task.out_stride) = (out.baseAddress, 64)
                        (task.queries, task.query_stride) = (base, stride)
                        task.packed_keys = UnsafePointer(packedKeys)
                        task.packed_values = UnsafePointer(packedKeys + 16 * 32)
                        (task.keys, task.values, task.key_stride) = (base + 64, base + 128, stride)
                        (task.rows, task.scale, task.first_end, task.own_first) = (16, 0.125, 16, -1)
                        (task.second_begin, task.second_end, task.causal) = (16, 16, 1)
                        (task.scores, task.score_stride) = (scores.baseAddress, 16)
                        functions.attend(&task)
                    }
                }
            }
        }
        let result = floats(out)
        #expect(result[..<(9 * 64)].allSatisfy { $0.isFinite })
        #expect(result[(9 * 64)...].allSatisfy { $0.isNaN })
    }
}
