import CKernels
import Foundation
import TestSupport
import Testing

@testable import Recognizer

/// Layers with packed weights, against plain arithmetic, and with other numbers of rows and threads.
@Suite(.tags(.property)) struct PackedLinearTests {
    /// Who multiplies.
    enum Products: CaseIterable {
        case panels, oneDNN

        /// Null where processor or build has none.
        func factory(_ type: PanelType, except floatLayers: [String] = [], rest: PanelType = .float32) throws
            -> (any LinearFactory)?
        {
            switch (self, type) {
            case (.panels, .int8): return Panels(rest)?.quantising(except: floatLayers)
            case (.panels, _): return Panels(type)
            case (.oneDNN, .int8):
                #if OneDNN
                    return try OneDNN.packing(rest == .float32 ? .float32 : .bfloat16, workers: 3)?
                        .quantising(except: floatLayers)
                #else
                    return nil
                #endif
            case (.oneDNN, .float32), (.oneDNN, .bfloat16):
                #if OneDNN
                    if type == .bfloat16, !CPUBackend.hasOneDNNHalves { return nil }
                    return try OneDNN.packing(type == .float32 ? .float32 : .bfloat16, workers: 3)
                #else
                    return nil
                #endif
            }
        }
    }

    /// The factories for a type that there are here; at least one in every build on a processor that tests run on, but for bfloat16.
    private static func factories(
        _ type: PanelType, except floatLayers: [String] = [], rest: PanelType = .float32
    ) throws -> [any LinearFactory] {
        try Products.allCases.compactMap { try $0.factory(type, except: floatLayers, rest: rest) }
    }

    private struct Layer {
        let inputs: Int
        let outputs: Int
        let weight: [Float]
        let bias: [Float]?
        let linear: any Linear

        init(_ factory: any LinearFactory, inputs: Int, outputs: Int, hasBias: Bool = true) throws {
            var numbers = SeededNumbers(seed: UInt64(inputs * 1000 + outputs))
            self.inputs = inputs
            self.outputs = outputs
            weight = numbers.floats(inputs * outputs, in: -0.2...0.2)
            bias = hasBias ? numbers.floats(outputs) : nil
            linear = try factory.makeLinear(
                name: "layer", weight: PackedLinearTests.parameter(weight),
                bias: bias.map { PackedLinearTests.parameter($0) }, outputs: outputs, inputs: inputs)
        }

        func forward(_ x: [Float], onto out: [Float], _ epilogue: LinearEpilogue, workers: Int = 1) -> [Float] {
            var out = out
            linear.forward(
                &out, x, rows: out.count / outputs, epilogue: epilogue, pool: WorkerPool(workers: workers))
            return out
        }

        func expected(_ x: [Float], onto out: [Float], _ epilogue: LinearEpilogue) -> [Float] {
            let product = plainProduct(rows: out.count / outputs, depth: inputs, columns: outputs) {
                x[$0 * inputs + $1]
            } _: {
                weight[$1 * inputs + $0]
            }
            return out.indices.map { index in
                let sum = product[index] + Double(bias?[index % outputs] ?? 0)
                switch epilogue {
                case .store: return Float(sum)
                case .quickGELU: return Float(sum / (1 + exp(-1.702 * sum)))
                case .accumulate: return Float(Double(out[index]) + sum)
                }
            }
        }
    }

    private static func parameter(_ values: [Float]) -> Parameter {
        Parameter(StoredTensor(copying: Tensor(shape: [values.count], values: values)))
    }

    private static let epilogues: [LinearEpilogue] = [.store, .quickGELU, .accumulate]
    private static let shapes = [(64, 64), (192, 576), (33, 7), (128, 40), (768, 96), (1024, 31)]

    @Test(arguments: shapes, epilogues)
    func floatsEqualPlainArithmetic(shape: (Int, Int), epilogue: LinearEpilogue) throws {
        for (factory, hasBias) in try Self.factories(.float32).flatMap({ [($0, true), ($0, false)] }) {
            let layer = try Layer(factory, inputs: shape.0, outputs: shape.1, hasBias: hasBias)
            for rows in [1, 3, 33, 150] {
                var numbers = SeededNumbers(seed: 3)
                let x = numbers.floats(rows * shape.0)
                let out = numbers.floats(rows * shape.1)
                expectClose(
                    layer.forward(x, onto: out, epilogue, workers: 2), layer.expected(x, onto: out, epilogue),
                    .algebraic, "\(factory.description), \(rows) rows of \(shape), bias \(hasBias)")
            }
        }
    }

    /// Bit for bit: a camera's scores do not depend on its neighbours or on the machine's cores.
    @Test(arguments: shapes, epilogues)
    func rowsAndThreadsChangeNothing(shape: (Int, Int), epilogue: LinearEpilogue) throws {
        for factory in try [PanelType.float32, .bfloat16, .int8].flatMap({ try Self.factories($0) }) {
            let layer = try Layer(factory, inputs: shape.0, outputs: shape.1)
            let rows = 150
            var numbers = SeededNumbers(seed: 8)
            let x = numbers.floats(rows * shape.0, in: -2...2)
            let out = numbers.floats(rows * shape.1)
            let whole = layer.forward(x, onto: out, epilogue)
            for workers in 2...3 {
                let shared = layer.forward(x, onto: out, epilogue, workers: workers)
                #expect(shared == whole, "\(factory.description), \(workers) threads")
            }
            for count in [1, 2, 7, 49, 50] {
                for begin in [0, rows - count] {
                    let part = layer.forward(
                        Array(x[begin * shape.0..<(begin + count) * shape.0]),
                        onto: Array(out[begin * shape.1..<(begin + count) * shape.1]), epilogue)
                    #expect(
                        part == Array(whole[begin * shape.1..<(begin + count) * shape.1]),
                        "\(factory.description), \(count) rows from \(begin)")
                }
            }
        }
    }

    /// The error is that of rounding rows to 255 and weights to 127 steps, and no more.
    @Test(arguments: shapes, epilogues)
    func bytesStayWithinTheirRounding(shape: (Int, Int), epilogue: LinearEpilogue) throws {
        for factory in try Self.factories(.int8) {
            let layer = try Layer(factory, inputs: shape.0, outputs: shape.1)
            let rows = 50
            var numbers = SeededNumbers(seed: 4)
            let x = numbers.floats(rows * shape.0)
            let out = numbers.floats(rows * shape.1)
            let found = layer.forward(x, onto: out, epilogue, workers: 2)
            let expected = layer.expected(x, onto: out, epilogue)
            // Half a step of a row's values, 2 wide, and of the weights, 0.4 wide, each times the other's size, all summed.
            let most = Float(shape.0) * (2.0 / 255 / 2 * 0.2 + 0.2 / 63 / 2 * 1 + 2.0 / 255 / 2 * 0.2 / 63 / 2) * 1.1
            #expect(zip(found, expected).allSatisfy { abs($0 - $1) <= most + 1e-4 })
            // The errors of a sum have either sign, so its own is far smaller than that.
            let square = zip(found, expected).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
            let size = expected.reduce(0) { $0 + $1 * $1 }
            #expect((square / size).squareRoot() < 0.02, "relative error \((square / size).squareRoot())")
        }
    }

    @Test func aValueThatIsNotFiniteSpoilsItsRowAlone() throws {
        var numbers = SeededNumbers(seed: 4)
        let good = numbers.floats(3 * 64)
        for (factory, value) in try Self.factories(.int8).flatMap({ factory in
            [Float.nan, .infinity, -.infinity].map { (factory, $0) }
        }) {
            let layer = try Layer(factory, inputs: 64, outputs: 40)
            var x = good
            x[64 + 5] = value
            let zeros = [Float](repeating: 0, count: 3 * 40)
            let (found, whole) = (
                layer.forward(x, onto: zeros, .store), layer.forward(good, onto: zeros, .store)
            )
            #expect(found[40..<80].allSatisfy { !$0.isFinite })
            #expect(found[..<40] == whole[..<40] && found[80...] == whole[80...])
        }
    }

    @Test func rowsOfNothingGiveTheBias() throws {
        for factory in try Self.factories(.int8) {
            let layer = try Layer(factory, inputs: 64, outputs: 40)
            let zeros = [Float](repeating: 0, count: 40)
            #expect(layer.forward([Float](repeating: 0, count: 64), onto: zeros, .store) == layer.bias)
        }
    }

    /// Rows that come and go in bfloat16 are the same as float32 rows, rounded; what QuickGELU bends is rounded twice.
    @Test(.enabled(if: CPUBackend.hasBFloat16), arguments: [false, true], [LinearEpilogue.store, .quickGELU])
    func halvesInAndOutAreFloatsRounded(inBytes: Bool, epilogue: LinearEpilogue) throws {
        for factory in try Self.factories(inBytes ? .int8 : .bfloat16, rest: .bfloat16) {
            try expectHalvesAreFloatsRounded(Layer(factory, inputs: 192, outputs: 576), inBytes, epilogue)
        }
    }

    private func expectHalvesAreFloatsRounded(_ layer: Layer, _ inBytes: Bool, _ epilogue: LinearEpilogue) {
        var numbers = SeededNumbers(seed: 9)
        let rows = 50
        var x = [UInt16](repeating: 0, count: rows * 192)
        ckernels_half_rows(&x, numbers.floats(x.count), x.count)
        var rounded = [Float](repeating: 0, count: x.count)
        ckernels_bf16_to_f32(&rounded, x, x.count)
        let plain = layer.forward(rounded, onto: [Float](repeating: 0, count: rows * 576), epilogue)
        var out = [UInt16](repeating: 0, count: plain.count)
        out.withUnsafeMutableBytes { out in
            x.withUnsafeMutableBytes { x in
                guard let out = out.baseAddress, let x = x.baseAddress else { return }
                layer.linear.forward(
                    Activations(out, .bfloat16), Activations(x, .bfloat16), rows: rows, epilogue: epilogue,
                    pool: WorkerPool(workers: 1))
            }
        }
        var found = [Float](repeating: 0, count: plain.count)
        ckernels_bf16_to_f32(&found, out, out.count)
        let steps = epilogue == .store ? 0.0040 : 0.0120
        expectClose(found, plain, Tolerance(absolute: 1e-3, relative: steps), "\(epilogue), bytes \(inBytes)")
    }

    @Test func layersLeftInFloatingPointAreFloat() throws {
        let pairs = zip(try Self.factories(.int8, except: ["layer"]), try Self.factories(.float32))
        for (mixed, float) in pairs {
            let (left, plain) = (
                try Layer(mixed, inputs: 64, outputs: 64), try Layer(float, inputs: 64, outputs: 64)
            )
            var numbers = SeededNumbers(seed: 6)
            let x = numbers.floats(5 * 64)
            let zeros = [Float](repeating: 0, count: 5 * 64)
            #expect(left.forward(x, onto: zeros, .store) == plain.forward(x, onto: zeros, .store))
        }
    }
}
