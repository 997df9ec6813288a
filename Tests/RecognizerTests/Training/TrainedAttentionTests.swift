import CKernels
import Foundation
import TestSupport
import Testing

@testable import Recognizer

/// More query rows than a task takes, so that gradients of keys are written by the first rows and added by the others.
@Suite(.tags(.property)) struct TrainedAttentionTests {
    private static let frames = 23
    private static let tokens = 10

    @Test(arguments: [
        AttentionPattern.full, .causal, .kronecker(.kmt, frames: frames, tokens: tokens),
        .kronecker(.kmct, frames: frames, tokens: tokens),
    ])
    func gradientsOfManyRows(pattern: AttentionPattern) throws {
        let (length, size) = (Self.frames * Self.tokens, ModelGeometry.headWidth)
        let pool = WorkerPool(workers: 2)
        let work = try TrainingWorkspace(pool: pool, precision: .f32, width: size, rows: length, sequence: length)
        #expect(work.attention.rows < length)
        var numbers = SeededNumbers(seed: 5)
        let projected = FloatBuffer(count: length * 3 * size)
        let gradients = FloatBuffer(count: length * 3 * size)
        let (out, dOut) = (FloatBuffer(count: length * size), FloatBuffer(count: length * size))
        let statistics = FloatBuffer(count: length)
        let (x, d) = (numbers.floats(length * 3 * size, in: -2...2), numbers.floats(length * size))
        for index in x.indices { projected.pointer[index] = x[index] }
        for index in d.indices { dOut.pointer[index] = d[index] }
        gradients.pointer.update(repeating: .nan, count: x.count)
        func inputs(_ buffer: FloatBuffer) -> TrainedAttention.Projected {
            TrainedAttention.Projected(pointer: buffer.pointer, layout: .rows(width: 3 * size))
        }
        let attention = TrainedAttention(sequences: 1, length: length, heads: 1, pattern: pattern)
        attention.forward(out.pointer, statistics: statistics.pointer, inputs(projected), work)
        attention.backward(
            inputs(gradients), dOut.pointer, inputs(projected), out: out.pointer, statistics: statistics.pointer, work)

        func isSeen(_ query: Int, _ key: Int) -> Bool {
            let (own, other) = (query / Self.tokens, key / Self.tokens)
            return switch pattern {
            case .full: true
            case .causal: key <= query
            case .kronecker(.kmt, _, _): key == query || other != own
            case .kronecker(.kmct, _, _): key == query || other < own
            }
        }
        func value(_ row: Int, _ part: Int, _ i: Int) -> Double { Double(x[(row * 3 + part) * size + i]) }
        var expected = [Double](repeating: 0, count: x.count)
        for query in 0..<length {
            let seen = (0..<length).filter { isSeen(query, $0) }
            let raised = seen.map { key in
                exp((0..<size).reduce(0) { $0 + value(query, 0, $1) * value(key, 1, $1) } * 0.125)
            }
            let total = raised.reduce(0, +)
            let slopes = seen.map { key in
                (0..<size).reduce(0) { $0 + Double(d[query * size + $1]) * value(key, 2, $1) }
            }
            let mean = zip(raised, slopes).reduce(0) { $0 + $1.0 / total * $1.1 }
            for (place, key) in seen.enumerated() {
                let p = raised[place] / total
                let dScore = p * (slopes[place] - mean) * 0.125
                for i in 0..<size {
                    expected[query * 3 * size + i] += dScore * value(key, 1, i)
                    expected[(key * 3 + 1) * size + i] += dScore * value(query, 0, i)
                    expected[(key * 3 + 2) * size + i] += p * Double(d[query * size + i])
                }
            }
        }
        expectClose(
            (0..<x.count).map { gradients.pointer[$0] }, expected.map(Float.init),
            Tolerance(absolute: 1e-4, relative: 1e-4), "\(pattern)")
    }
}
