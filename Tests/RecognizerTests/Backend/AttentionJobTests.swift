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
    /// - Parameters:
    ///   - queryRows: which rows of a sequence are queries.
    ///   - sees: whether the query at a row of the sequence sees the key at another.
    private func check(
        length: Int, queryRows: [Int], pattern: AttentionPattern, _ name: String,
        sees: (_ row: Int, _ key: Int) -> Bool
    ) {
        let width = 64 * Self.heads
        var numbers = SeededNumbers(seed: UInt64(length))
        // Scores far apart as well as near each other.
        let projected = numbers.floats(Self.sequences * length * 3 * width, in: -2...2)
        let queries = (0..<Self.sequences * queryRows.count).flatMap { row in
            let at = (row / queryRows.count * length + queryRows[row % queryRows.count]) * 3 * width
            return projected[at..<at + width]
        }
        let margin = 64
        let count = queries.count
        let out = FloatBuffer(count: count + 2 * margin)
        out.pointer.update(repeating: .nan, count: out.count)
        let scratch = AttentionScratch(sequence: length, workers: 2)
        let pool = WorkerPool(workers: 2)
        projected.withUnsafeBufferPointer { projected in
            queries.withUnsafeBufferPointer { queries in
                guard let base = projected.baseAddress, let first = queries.baseAddress else { return }
                let job = AttentionJob(
                    out: out.pointer + margin, outStride: width, queries: first, queryStride: width, keys: base + width,
                    values: base + 2 * width, keyStride: 3 * width, heads: Self.heads, length: length,
                    queriesPerSequence: queryRows.count, pattern: pattern, scratch: scratch)
                pool.run(job, parts: job.parts(sequences: Self.sequences))
            }
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
                let all = rows(sequence, 0, head)
                let reference = AttentionReference.attend(
                    queries: queryRows.map { all[$0] }, keys: rows(sequence, 1, head), values: rows(sequence, 2, head)
                ) { sees(queryRows[$0], $1) }
                for (index, row) in reference.enumerated() {
                    let at = (sequence * queryRows.count + index) * width + head * 64
                    expected.replaceSubrange(at..<at + 64, with: row)
                }
            }
        }
        expectClose(result[margin..<margin + count], expected, .kernels, name)
    }

    @Test(arguments: odd + [130]) func framesSeeAllOfThemselves(tokens: Int) {
        check(length: tokens, queryRows: Array(0..<tokens), pattern: .full, "full, \(tokens) tokens") { _, _ in true }
    }

    @Test(arguments: odd + [130]) func textsSeeWhatCameBefore(tokens: Int) {
        check(length: tokens, queryRows: Array(0..<tokens), pattern: .causal, "causal, \(tokens) tokens") { $0 >= $1 }
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
                length: frames * tokens, queryRows: Array(0..<frames * tokens),
                pattern: .kronecker(mask, frames: frames, tokens: tokens), "\(mask), \(frames) frames of \(tokens)",
                sees: sees(mask, tokens: tokens))
        }
    }

    @Test(arguments: KroneckerMask.allCases, odd) func classRowsSeeWhatTheWholeBlockLetsThemSee(
        mask: KroneckerMask, tokens: Int
    ) {
        for frames in [1, 2, 5] {
            check(
                length: frames * tokens, queryRows: (0..<frames).map { $0 * tokens },
                pattern: .kronecker(mask, frames: frames, tokens: tokens),
                "class rows, \(mask), \(frames) frames of \(tokens)", sees: sees(mask, tokens: tokens))
        }
    }
}
