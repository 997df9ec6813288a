import TestSupport
import Testing

@testable import Recognizer

/// Class tokens' attention with absorbed keys and values, against keys and values computed and the mask written out.
@Suite(.tags(.property)) struct PooledAttentionTests {
    @Test(arguments: KroneckerMask.allCases, [1, 3, 7, 8, 9, 33])
    func equalsAttentionWithKeysAndValuesComputed(mask: KroneckerMask, tokens: Int) {
        for (frames, workers) in [(1, 1), (2, 2), (5, 3)] {
            check(mask, frames: frames, tokens: tokens, workers: workers)
        }
    }

    private func check(_ mask: KroneckerMask, frames: Int, tokens: Int, workers: Int) {
        let (heads, width, length) = (2, 128, frames * tokens)
        var numbers = SeededNumbers(seed: UInt64(length))
        let weight = numbers.floats(3 * width * width, in: -0.2...0.2)
        let bias = numbers.floats(3 * width, in: -1...1)
        let y = numbers.floats(length * width, in: -2...2)
        let attention = PooledAttention(
            weight: Parameter(StoredTensor(Tensor(shape: [3 * width, width], values: weight))),
            bias: Parameter(StoredTensor(Tensor(shape: [3 * width], values: bias))), width: width)
        let out = FloatBuffer(count: frames * width)
        attention.forward(
            out.pointer, y, frames: frames, tokens: tokens, mask: mask,
            PooledAttention.Scratch(windows: 1, frames: frames, tokens: tokens, width: width),
            WorkerPool(workers: workers))
        let result = withExtendedLifetime(out) { Array(UnsafeBufferPointer(start: out.pointer, count: out.count)) }

        /// One head's queries (part 0), keys (1) or values (2) of all rows.
        func projected(_ part: Int, _ head: Int) -> [[Float]] {
            let first = part * width + head * 64
            let product = plainProduct(rows: length, depth: width, columns: 64) {
                y[$0 * width + $1]
            } _: {
                weight[(first + $1) * width + $0]
            }
            return (0..<length).map { row in
                (0..<64).map { Float(product[row * 64 + $0] + Double(bias[first + $0])) }
            }
        }
        var expected = [Float](repeating: 0, count: frames * width)
        for head in 0..<heads {
            let queries = projected(0, head)
            let rows = AttentionReference.attend(
                queries: (0..<frames).map { queries[$0 * tokens] }, keys: projected(1, head), values: projected(2, head)
            ) { frame, key in
                key == frame * tokens || (mask == .kmt ? key / tokens != frame : key / tokens < frame)
            }
            for (frame, row) in rows.enumerated() {
                expected.replaceSubrange(frame * width + head * 64..<frame * width + head * 64 + 64, with: row)
            }
        }
        expectClose(result, expected, .algebraic, "\(mask), \(frames) frames of \(tokens)")
    }
}
