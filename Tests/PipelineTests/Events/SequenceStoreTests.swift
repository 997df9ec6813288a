import Foundation
import Pipeline
import Synchronization
import Testing

@Suite struct SequenceStoreTests {
    private let directory = FileManager.default.temporaryDirectory.appending(path: "sequence-\(UUID().uuidString)")

    private final class Reports: Sendable {
        private let list = Mutex<[String]>([])
        var texts: [String] { list.withLock { $0 } }
        func add(_ text: String) { list.withLock { $0.append(text) } }
    }

    private func withDirectory(_ body: () throws -> Void) throws {
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        try body()
    }

    private func store(_ reports: Reports) -> SequenceStore {
        SequenceStore(directory: directory, blockSize: 10) { reports.add($0) }
    }

    @Test func neverRepeatsANumberAfterACrash() throws {
        try withDirectory {
            let reports = Reports()
            var seen: [UInt64] = []
            for run in 0..<5 {
                // Never closed: as good as killed.
                var store = store(reports)
                for _ in 0..<(run * 7) { seen.append(store.take()) }
            }
            #expect(seen.count == 70)
            #expect(zip(seen, seen.dropFirst()).allSatisfy { $0 < $1 })
            #expect(seen.allSatisfy { $0 < 200 })
            #expect(reports.texts.isEmpty)
        }
    }

    @Test func goesOnWithoutAJumpAfterACleanStop() throws {
        try withDirectory {
            var first = store(Reports())
            #expect((0..<13).map { _ in first.take() } == Array(0..<13))
            first.close()
            var second = store(Reports())
            #expect(second.take() == 13)
        }
    }

    @Test func countsInMemoryAboveTheClockWhenTheDirectoryIsMissing() {
        let reports = Reports()
        let before = UInt64(Date().timeIntervalSince1970 * 1000)
        var store = store(reports)
        let numbers = (0..<35).map { _ in store.take() }
        #expect(zip(numbers, numbers.dropFirst()).allSatisfy { $0 + 1 == $1 })
        #expect(numbers[0] >= before)
        #expect(reports.texts.count == 1)
        #expect(reports.texts.first?.contains(directory.path) == true)
    }

    @Test(arguments: ["", "12", "twelve\n", "-3\n", "99999999999999999999999999\n"])
    func startsAboveTheClockWhenTheFileIsDamaged(content: String) throws {
        try withDirectory {
            try Data(content.utf8).write(to: directory.appending(path: "sequence"))
            let reports = Reports()
            let before = UInt64(Date().timeIntervalSince1970 * 1000)
            var damaged = store(reports)
            let number = damaged.take()
            #expect(number >= before)
            #expect(reports.texts.count == 1)
            damaged.close()
            var next = store(reports)
            #expect(next.take() > number)
            #expect(reports.texts.count == 1)
        }
    }

    @Test func countsInMemoryWhereAnotherProcessCounts() throws {
        try withDirectory {
            let (first, second) = (Reports(), Reports())
            var one = store(first)
            let before = UInt64(Date().timeIntervalSince1970 * 1000)
            var other = store(second)
            #expect(one.take() == 0)
            #expect(other.take() >= before)
            #expect(first.texts.isEmpty)
            #expect(second.texts.count == 1)
            #expect(second.texts.first?.contains("another claverd uses \(directory.path)") == true)
            one.close()
            var next = store(first)
            #expect(next.take() == 1, "the directory is free again")
        }
    }
}
