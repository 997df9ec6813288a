import CKernels
import Foundation
import TestSupport
import Testing

@testable import Recognizer

/// The vector loops of training, for each instruction set of this processor, against plain arithmetic in double precision.
@Suite(.tags(.property)) struct TrainingKernelTests {
    static let sets: [Int] = (0..<3).filter { ckernels_training_of(Int32($0)) != nil }
    /// The products of bfloat16 stand behind the sets.
    private static let bfloat16 = 3
    static let tables: [Int] = sets + (ckernels_training_bf16() == nil ? [] : [bfloat16])

    private func functions(_ set: Int) throws -> ckernels_training_functions {
        try #require(set == Self.bfloat16 ? ckernels_training_bf16() : ckernels_training_of(Int32(set)))
            .pointee
    }

    /// Numbers that a table's products take as they are.
    private func floats(_ count: Int, _ set: Int, _ numbers: inout SeededNumbers) -> [Float] {
        let values = numbers.floats(count)
        guard set == Self.bfloat16 else { return values }
        var halves = [UInt16](repeating: 0, count: count)
        ckernels_f32_to_bf16(&halves, values, count)
        return halves.map { Float(bitPattern: UInt32($0) << 16) }
    }

    /// A matrix (rows, width), whose rows stand one after the other, in panels.
    private func inPanels(_ matrix: [Float], width: Int) -> [Float] {
        let rows = matrix.count / width
        return matrix.indices.map { index in
            let (panel, row, column) = (index / 64 / rows, index / 64 % rows, index % 64)
            return matrix[row * width + panel * 64 + column]
        }
    }

    private static let products = Tolerance(absolute: 4e-5, relative: 1e-5)

    @Test func bfloat16RoundsToTheNearest() throws {
        guard Self.tables.contains(Self.bfloat16) else { return }
        let it = try functions(Self.bfloat16)
        var numbers = SeededNumbers(seed: 4)
        let weight = numbers.floats(64 * 35)
        var halves = [UInt16](repeating: 0, count: weight.count)
        ckernels_f32_to_bf16(&halves, weight, weight.count)
        let (rows, depth) = (35, 35)
        let packed = FloatBuffer(count: 64 * 36)
        it.pack(packed.pointer, weight, 1, depth, depth)
        // Times the identity, the product is the packed matrix itself.
        let identity = (0..<rows * depth).map { Float($0 / depth == $0 % depth ? 1 : 0) }
        var (out, scratch) = (
            [Float](repeating: 0, count: rows * 64), [Float](repeating: 0, count: (rows + 5) * (depth + 15))
        )
        it.product_packed(
            &out, .rows(width: 64), identity, .rows(width: depth), packed.pointer, nil, rows, depth, 64, &scratch)
        #expect(
            out
                == (0..<rows * 64).map {
                    Float(bitPattern: UInt32(halves[$0 % 64 * depth + $0 / 64]) << 16)
                })
    }

    @Test(arguments: tables, [1, 2, 3, 4, 5, 6, 7, 33]) func packedProduct(set: Int, rows: Int) throws {
        let it = try functions(set)
        var numbers = SeededNumbers(seed: UInt64(rows))
        // The products take 768 steps of the depth at once, in bfloat16 2048.
        for (depth, columns) in [(1, 64), (70, 128), (147, 64), (1100, 128)] + (rows == 7 ? [(2100, 64)] : []) {
            let tolerance = Tolerance(absolute: depth > 2000 ? 1e-4 : 4e-5, relative: 1e-5)
            let (x, weight, bias) = (
                floats(rows * depth, set, &numbers), floats(columns * depth, set, &numbers),
                numbers.floats(columns)
            )
            var scratch = [Float](
                repeating: .nan, count: (rows + 5) * (depth + 15))
            for isTransposed in [false, true] {
                let packedDepth = (depth + it.steps - 1) / it.steps
                let packed = FloatBuffer(count: columns * packedDepth)
                packed.pointer.update(repeating: .nan, count: packed.count)
                for panel in stride(from: 0, to: columns, by: it.panel) {
                    let (row, column) = isTransposed ? (1, depth) : (columns, 1)
                    weight.withUnsafeBufferPointer { weight in
                        guard let from = weight.baseAddress else { return }
                        it.pack(packed.pointer + panel * packedDepth, from + panel * column, row, column, depth)
                    }
                }
                var out = [Float](repeating: .nan, count: rows * columns + 1)
                let (outRows, xRows) = (MatrixLayout.rows(width: columns), MatrixLayout.rows(width: depth))
                it.product_packed(
                    &out, outRows, x, xRows, packed.pointer, bias, rows, depth, columns, &scratch)
                let expected = plainProduct(rows: rows, depth: depth, columns: columns) {
                    x[$0 * depth + $1]
                } _: {
                    isTransposed ? weight[$1 * depth + $0] : weight[$0 * columns + $1]
                }.map { Float($0) }
                #expect(out[rows * columns].isNaN, "written behind the last row")
                expectClose(
                    out.dropLast(), expected.indices.map { expected[$0] + bias[$0 % columns] }, tolerance,
                    "\(rows) x \(depth) x \(columns), transposed \(isTransposed)")
                it.product_packed(&out, outRows, x, xRows, packed.pointer, nil, rows, depth, columns, &scratch)
                expectClose(out.dropLast(), expected, tolerance, "without bias")
            }
        }
    }

    @Test(arguments: tables, [1, 6, 33]) func productOfPanels(set: Int, rows: Int) throws {
        let it = try functions(set)
        var numbers = SeededNumbers(seed: UInt64(rows))
        let columns = 128
        for depth in [64, 832, 2112] {
            let (x, weight) = (floats(rows * depth, set, &numbers), floats(columns * depth, set, &numbers))
            let packedDepth = depth / it.steps
            let packed = FloatBuffer(count: columns * packedDepth)
            for panel in stride(from: 0, to: columns, by: it.panel) {
                weight.withUnsafeBufferPointer { weight in
                    guard let from = weight.baseAddress else { return }
                    it.pack(packed.pointer + panel * packedDepth, from + panel * depth, 1, depth, depth)
                }
            }
            var (out, panels) = (
                [Float](repeating: .nan, count: rows * columns), [Float](repeating: .nan, count: rows * columns)
            )
            var scratch = [Float](repeating: .nan, count: (rows + 5) * (depth + 15))
            it.product_packed(
                &out, .rows(width: columns), x, .rows(width: depth), packed.pointer, nil, rows, depth, columns, &scratch
            )
            it.product_packed(
                &panels, .panels(rows: rows), inPanels(x, width: depth), .panels(rows: rows), packed.pointer, nil, rows,
                depth, columns, &scratch)
            #expect(panels == inPanels(out, width: columns), "\(rows) x \(depth)")
        }
    }

    @Test(arguments: tables, [1, 7, 130, 513, 800, 1030]) func outerProduct(set: Int, rows: Int) throws {
        let it = try functions(set)
        var numbers = SeededNumbers(seed: UInt64(rows))
        var scratch = [Float](repeating: .nan, count: Int(CKERNELS_OUTER_SCRATCH))
        for (outputs, inputs) in [(64, 64)] + (rows < 1000 ? [(70, 128), (300, 64)] : []) {
            let (left, right) = (
                floats(rows * outputs, set, &numbers), floats(rows * inputs, set, &numbers)
            )
            let before = numbers.floats(outputs * inputs)
            let expected = plainProduct(rows: outputs, depth: rows, columns: inputs) {
                left[$1 * outputs + $0]
            } _: {
                right[$0 * inputs + $1]
            }.map { Float($0) }
            var out = before
            let rightRows = MatrixLayout.rows(width: inputs)
            it.outer_product(
                &out, inputs, it.panel, left, outputs, right, rightRows, rows, outputs, inputs, 0, &scratch)
            expectClose(out, expected, Self.products, "\(rows) rows, \(outputs) x \(inputs)")
            var panels = out.map { _ in Float.nan }
            it.outer_product(
                &panels, it.panel, outputs * it.panel, left, outputs, inPanels(right, width: inputs),
                .panels(rows: rows), rows, outputs, inputs, 0, &scratch)
            #expect(
                out.indices.allSatisfy {
                    let (row, column) = ($0 / inputs, $0 % inputs)
                    return out[$0] == panels[(column / it.panel * outputs + row) * it.panel + column % it.panel]
                }, "in panels, \(outputs) x \(inputs)")
            out = before
            it.outer_product(
                &out, inputs, it.panel, left, outputs, right, rightRows, rows, outputs, inputs, 1, &scratch)
            expectClose(out, zip(before, expected).map(+), Self.products, "added, \(outputs) x \(inputs)")
        }
    }

    @Test(arguments: sets) func geluIsTheSlope(set: Int) throws {
        let it = try functions(set)
        var numbers = SeededNumbers(seed: 1)
        let (rows, width) = (3, 128)
        let (x, dOut) = (numbers.floats(rows * width, in: -6...6), numbers.floats(rows * width))
        var (forward, dX) = (x.map { _ in Float.nan }, dOut)
        it.gelu_forward(&forward, .rows(width: width), x, .rows(width: width), rows, width)
        var (panels, out) = (x.map { _ in Float.nan }, inPanels(x, width: width))
        it.gelu_forward(&panels, .rows(width: width), out, .panels(rows: rows), rows, width)
        #expect(panels == forward)
        it.gelu_backward(&dX, dOut, &out, inPanels(x, width: width), .panels(rows: rows), rows, width)
        func gelu(_ x: Double) -> Double { x / (1 + exp(-1.702 * x)) }
        expectClose(out, inPanels(forward, width: width), .kernels, "recomputed")
        expectClose(forward, x.map { Float(gelu(Double($0))) }, .kernels, "forward")
        let slope = x.indices.map { index in
            let at = Double(x[index])
            return Float((gelu(at + 1e-5) - gelu(at - 1e-5)) / 2e-5 * Double(dOut[index]))
        }
        expectClose(dX, slope, .kernels, "backward")
    }

    @Test(arguments: sets, [64, 192]) func normIsTheSlope(set: Int, width: Int) throws {
        let it = try functions(set)
        var numbers = SeededNumbers(seed: UInt64(width))
        let rows = 3
        let (x, dOut) = (numbers.floats(rows * width), numbers.floats(rows * width))
        let (weight, bias, residual) = (
            numbers.floats(width), numbers.floats(width), numbers.floats(rows * width)
        )
        func norm(_ x: [Double], weight: [Double], bias: [Double]) -> [Double] {
            let mean = x.reduce(0, +) / Double(width)
            let variance = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(width)
            return x.indices.map {
                (x[$0] - mean) / (variance + 1e-5).squareRoot() * weight[$0] + bias[$0]
            }
        }
        /// The sum of the norm of all rows, each value times its gradient.
        func total(_ x: [Double], _ weight: [Double], _ bias: [Double]) -> Double {
            (0..<rows).reduce(0) { sum, row in
                let out = norm(Array(x[row * width..<(row + 1) * width]), weight: weight, bias: bias)
                return out.indices.reduce(sum) { $0 + out[$1] * Double(dOut[row * width + $1]) }
            }
        }
        let (wide, wideWeight, wideBias) = (
            x.map(Double.init), weight.map(Double.init), bias.map(Double.init)
        )
        func slope(_ values: [Double], _ total: ([Double]) -> Double) -> [Float] {
            values.indices.map { index in
                var (up, down) = (values, values)
                up[index] += 1e-5
                down[index] -= 1e-5
                return Float((total(up) - total(down)) / 2e-5)
            }
        }
        var (out, statistics) = (
            [Float](repeating: 0, count: rows * width), [Float](repeating: 0, count: 2 * rows)
        )
        it.norm_forward(&out, &statistics, x, weight, bias, rows, width, 1e-5)
        var again = [Float](repeating: 0, count: rows * width)
        var (dX, dWeight, dBias) = (
            again, [Float](repeating: 1, count: width), [Float](repeating: 2, count: width)
        )
        it.norm_backward(
            &dX, &again, .panels(rows: rows), &dWeight, &dBias, dOut, residual, x, statistics, weight, bias, rows, width
        )
        expectClose(again, inPanels(out, width: width), .exact, "recomputed")
        let tolerance = Tolerance(absolute: 2e-5, relative: 1e-4)
        let expected = slope(wide) { total($0, wideWeight, wideBias) }
        expectClose(dX, zip(expected, residual).map(+), tolerance, "of the input")
        expectClose(
            dWeight, slope(wideWeight) { total(wide, $0, wideBias) }.map { $0 + 1 }, tolerance,
            "of the weight")
        expectClose(
            dBias, slope(wideBias) { total(wide, wideWeight, $0) }.map { $0 + 2 }, tolerance,
            "of the bias")
    }

    @Test(arguments: sets) func adamwFollowsItsDefinition(set: Int) throws {
        let it = try functions(set)
        var numbers = SeededNumbers(seed: 9)
        let (before, gradient) = (numbers.floats(32), numbers.floats(32))
        var (values, mean, square) = (before, numbers.floats(32), numbers.floats(32, in: 0...1))
        let (meanBefore, squareBefore) = (mean, square)
        var settings = ckernels_adamw(
            rate: 0.01, decay: 0.1, beta1: 0.9, beta2: 0.98, epsilon: 1e-8, gain1: 0.1, gain2: 0.02,
            correction1: 0.19, correction2: 0.0396, gradient_factor: 0.5)
        it.adamw(&values, &mean, &square, gradient, 32, &settings)
        let expected = before.indices.map { index -> Float in
            let g = 0.5 * Double(gradient[index])
            let m = 0.9 * Double(meanBefore[index]) + 0.1 * g
            let v = 0.98 * Double(squareBefore[index]) + 0.02 * g * g
            let kept = Double(before[index]) * (1 - 0.01 * 0.1)
            return Float(kept - 0.01 * (m / 0.19) / ((v / 0.0396).squareRoot() + 1e-8))
        }
        expectClose(values, expected, .kernels, "values")
        #expect(
            abs(it.sum_of_squares(gradient, 32) - gradient.reduce(0) { $0 + Double($1) * Double($1) })
                < 1e-5)
    }
}
