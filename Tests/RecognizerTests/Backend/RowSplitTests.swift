import Testing

@testable import Recognizer

@Suite struct RowSplitTests {
    @Test func partsCoverAllRowsOnce() {
        for rows in 1...600 {
            for workers in [1, 2, 3, 8, 64] {
                for most in [40, 128] {
                    let split = RowSplit(rows: rows, workers: workers, most: most)
                    #expect((split.parts - 1) * split.share + split.rest == rows)
                    #expect(1...split.share ~= split.rest && split.share <= most)
                }
            }
        }
    }

    @Test func workersGetEqualParts() {
        #expect(RowSplit(rows: 50, workers: 2, most: 128).share == 25)
        #expect(RowSplit(rows: 400, workers: 2, most: 128).share == 100)
        #expect(RowSplit(rows: 400, workers: 2, most: 128).parts == 4)
    }

    @Test func fewRowsAreNotTornApart() {
        #expect(RowSplit(rows: 8, workers: 16, most: 128).parts == 1)
    }
}
