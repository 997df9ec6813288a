import Pipeline
import Testing

@Suite struct WindowAssemblerTests {
    private func windows(length: Int, hop: Int, count: Int) -> [[Int]] {
        var assembler = WindowAssembler<Int>(length: length, hop: hop)
        var window: [Int] = []
        var due: [[Int]] = []
        for item in 0..<count
        where assembler.append(item, at: StreamTime(seconds: Double(item)), window: &window) != nil {
            due.append(window)
        }
        return due
    }

    @Test(arguments: [1, 3, 8], [1, 2, 3, 8, 11]) func handsOutEveryHopthWindowOldestFirst(length: Int, hop: Int) {
        let expected = stride(from: length, through: 40, by: hop).map { Array($0 - length..<$0) }
        #expect(windows(length: length, hop: hop, count: 40) == expected)
    }

    @Test func tellsTimesOfFirstAndLastItem() {
        var assembler = WindowAssembler<Int>(length: 3, hop: 1)
        var window: [Int] = []
        var spans: [WindowAssembler<Int>.Span] = []
        for item in 1...5 {
            if let span = assembler.append(item, at: StreamTime(nanoseconds: Int64(item * item)), window: &window) {
                spans.append(span)
            }
        }
        #expect(spans.map(\.start.nanoseconds) == [1, 4, 9])
        #expect(spans.map(\.end.nanoseconds) == [9, 16, 25])
    }

    @Test func mixesNothingAcrossARestart() {
        var assembler = WindowAssembler<Int>(length: 3, hop: 1)
        var window: [Int] = []
        for item in 0..<5 { _ = assembler.append(item, at: .zero, window: &window) }
        assembler.restart()
        #expect(assembler.append(10, at: .zero, window: &window) == nil)
        #expect(assembler.append(11, at: .zero, window: &window) == nil)
        #expect(assembler.append(12, at: .zero, window: &window) != nil)
        #expect(window == [10, 11, 12])
    }

    @Test func releasesItemsAtARestart() {
        final class Item {}
        var assembler = WindowAssembler<Item>(length: 2, hop: 1)
        var window: [Item] = []
        weak var kept: Item?
        do {
            let item = Item()
            kept = item
            _ = assembler.append(item, at: .zero, window: &window)
        }
        #expect(kept != nil)
        assembler.restart()
        #expect(kept == nil)
    }
}
