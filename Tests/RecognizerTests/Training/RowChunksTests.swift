import TestSupport
import Testing

@testable import Recognizer

@Suite(.tags(.property)) struct RowChunksTests {
    @Test(arguments: [1, 5, 6, 7, 64, 276, 277, 800, 1104, 2208, 2209, 12_800], [102, 276])
    func partsCoverTheRowsEvenly(rows: Int, most: Int) {
        let chunks = RowChunks(rows: rows, most: most)
        let parts = (0..<chunks.count).map { chunks[$0] }
        #expect(parts.flatMap { $0 } == Array(0..<rows))
        #expect(parts.allSatisfy { !$0.isEmpty && $0.count <= most })
        #expect(parts.dropLast().allSatisfy { $0.count.isMultiple(of: 6) })
        // Steps of six rows differ by one at most.
        let steps = parts.map { ($0.count + 5) / 6 }
        #expect((steps.max() ?? 0) - (steps.min() ?? 0) <= 1)
    }
}
