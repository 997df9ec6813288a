import CKernels
import TestSupport
import Testing

@testable import Recognizer

/// Every pattern of attention against the mask written out.
@Suite(.tags(.property)) struct AttentionJobTests {
    private static let sequences = 2
    private static let heads = 2
    private static let odd = [1, 3, 7, 8, 9, 33]

    /// Runs a pattern over queries, keys and values as a block lays them out, and compares each head.
    ///
    /// - Parameter sees: whether the query at a row of the sequence sees the key at another.
    private func check(
        length: Int, pattern: AttentionPattern, _ name: String,
        sees: (_ row: Int, _ key: Int) -> Bool
    ) {
        let width = 64 * Self.heads
        var numbers = SeededNumbers(seed: UInt64(length))
        // Scores far apart as well as near each other.
        let projected = numbers.floats(Self.sequences * length * 3 * width, in: -2...2)
        let margin = 64
        let count = Self.sequences * length * width
        let out = FloatBuffer(count: count + 2 * margin)
        out.pointer.update(repeating: .nan, count: out.count)
        let scratch = AttentionScratch(sequence: length, workers: 2)
        let pool = WorkerPool(workers: 2)
        projected.withUnsafeBufferPointer { projected in
            guard let base = projected.baseAddress else { return }
            let job = AttentionJob(
                out: out.pointer + margin, projected: base, width: width, heads: Self.heads, length: length,
                pattern: pattern, scratch: scratch)
            pool.run(job, parts: Self.sequences * Self.heads)
        }
        let result = withExtendedLifetime(out) {
            Array(UnsafeBufferPointer(start: out.pointer, count: out.count))
        }
        #expect((result.prefix(margin) + result.suffix(margin)).allSatisfy { $0.isNaN }, "\(name): written outside")

        var expected = [Float](repeating: 0, count: count)
        func rows(_ sequence: Int, _ part: Int, _ head: Int) -> [[Float]] {
            (0..<length).map { row in
                let at = (sequence * length + row) * 3 * width + part * width + head * 64
                return Array(projected[at..<at + 64])
            }
        }
        for sequence in 0..<Self.sequences {
            for head in 0..<Self.heads {
                let reference = AttentionReference.attend(
                    queries: rows(sequence, 0, head), keys: rows(sequence, 1, head), values: rows(sequence, 2, head),
                    sees: sees)
                for (index, row) in reference.enumerated() {
                    let at = (sequence * length + index) * width + head * 64
                    expected.replaceSubrange(at..<at + 64, with: row)
                }
            }
        }
        expectClose(result[margin..<margin + count], expected, .kernels, name)
    }

    @Test(arguments: odd + [130]) func framesSeeAllOfThemselves(tokens: Int) {
        check(length: tokens, pattern: .full, "full, \(tokens) tokens") { _, _ in true }
    }

    @Test(arguments: odd + [130]) func textsSeeWhatCameBefore(tokens: Int) {
        check(length: tokens, pattern: .causal, "causal, \(tokens) tokens") { $0 >= $1 }
    }

    private func sees(_ mask: KroneckerMask, tokens: Int) -> (_ row: Int, _ key: Int) -> Bool {
        { row, key in
            let (frame, other) = (row / tokens, key / tokens)
            return row == key || (mask == .kmt ? frame != other : frame > other)
        }
    }

    @Test(arguments: KroneckerMask.allCases, odd) func tokensSeeOtherFramesAndThemselves(
        mask: KroneckerMask, tokens: Int
    ) {
        for frames in [1, 2, 5] {
            check(
                length: frames * tokens, pattern: .kronecker(mask, frames: frames, tokens: tokens),
                "\(mask), \(frames) frames of \(tokens)",
                sees: sees(mask, tokens: tokens))
        }
    }
}
