import Foundation
import Recognizer
import Testing

@testable import Pipeline

@Suite struct DrawingTests {
    private func list(clips: Int, classes: Int) -> AnnotatedDataset.List {
        AnnotatedDataset.List(
            name: "train",
            entries: (0..<clips * classes).map { ClipEntry(name: "clip-\($0).mp4", classes: [$0 % classes]) })
    }

    @Test func shotsAreNestedAndEven() throws {
        let lists = try AnnotatedDataset.shots(of: list(clips: 20, classes: 3), counts: [2, 4, 8], seed: 1, classes: 3)
        #expect(lists.map(\.name) == ["train-2-shot", "train-4-shot", "train-8-shot"])
        for (list, count) in zip(lists, [2, 4, 8]) {
            #expect(list.entries.map { $0.classes[0] } == (0..<3).flatMap { Array(repeating: $0, count: count) })
            #expect(Set(list.entries.map(\.name)).count == 3 * count)
        }
        #expect(Set(lists[0].entries.map(\.name)).isSubset(of: lists[1].entries.map(\.name)))
        #expect(Set(lists[1].entries.map(\.name)).isSubset(of: lists[2].entries.map(\.name)))
    }

    @Test func shotsDependOnSeedAndNamesAlone() throws {
        let list = list(clips: 20, classes: 3)
        let reversed = AnnotatedDataset.List(name: "train", entries: list.entries.reversed())
        func draw(_ list: AnnotatedDataset.List, _ seed: UInt64) throws -> [AnnotatedDataset.List] {
            try AnnotatedDataset.shots(of: list, counts: [4], seed: seed, classes: nil)
        }
        #expect(try draw(list, 1) == draw(reversed, 1))
        #expect(try draw(list, 1) != draw(list, 2))
    }

    /// As sha256sum of `7\na`, ... orders them: `for n in a b c d; do printf "7\n$n" | sha256sum; done | sort`.
    @Test func orderIsThatOfTheDigests() {
        #expect(SeededOrder.sorted(["a", "b", "c", "d"], seed: 7) { $0 } == ["c", "d", "b", "a"])
    }

    @Test func refusesMoreShotsThanClips() throws {
        let few = list(clips: 3, classes: 2)
        #expect(
            throws: DatasetError.notEnough(
                reason: "4 shots of each class, but class 0 has 3 clips in train (and 1 more classes have too few)")
        ) {
            try AnnotatedDataset.shots(of: few, counts: [2, 4], seed: 1, classes: 2)
        }
        #expect(throws: DatasetError.self) {
            try AnnotatedDataset.shots(of: few, counts: [2], seed: 1, classes: 3)
        }
        let far = AnnotatedDataset.List(
            name: "l", entries: [0, 1, Int.max].map { ClipEntry(name: "\($0)", classes: [$0]) })
        #expect(
            throws: DatasetError.notEnough(
                reason:
                    "1 shots of each class, but class 2 has 0 clips in l (and \(Int.max - 3) more classes have too few)"
            )
        ) {
            try AnnotatedDataset.shots(of: far, counts: [1], seed: 1, classes: nil)
        }
        let several = AnnotatedDataset.List(name: "l", entries: [ClipEntry(name: "a", classes: [0, 1])])
        #expect(throws: DatasetError.self) {
            try AnnotatedDataset.shots(of: several, counts: [1], seed: 1, classes: nil)
        }
    }

    @Test func drawsClassesThatAreNotExcluded() throws {
        let set = AnnotatedDataset(
            labels: (0..<10).map { "Action \($0)" },
            lists: [list(clips: 2, classes: 10)])
        let drawn = try set.drawingClasses(excluding: ["action 3", "ACTION 4", "unknown"], count: 5, seed: 9)
        #expect(drawn.labels.count == 5 && drawn.labels == drawn.labels.sorted())
        #expect(!drawn.labels.contains("Action 3") && !drawn.labels.contains("Action 4"))
        #expect(drawn.lists[0].entries.count == 10)
        for entry in drawn.lists[0].entries {
            let old = try #require(set.lists[0].entries.first { $0.name == entry.name })
            #expect(drawn.labels[entry.classes[0]] == set.labels[old.classes[0]])
        }
        #expect(try set.drawingClasses(excluding: ["action 3", "ACTION 4"], count: 5, seed: 9) == drawn)
        #expect(try set.drawingClasses(excluding: [], count: 5, seed: 10).labels != drawn.labels)
        #expect(try set.drawingClasses(excluding: ["Action 0"], count: nil, seed: 0).labels.count == 9)
        #expect(throws: DatasetError.self) { try set.drawingClasses(excluding: ["action 3"], count: 10, seed: 9) }
    }

    @Test func writesEverythingOrNothing() throws {
        try withDatasetFolder { folder in
            let set = AnnotatedDataset(
                labels: ["plain", "with, comma", "with \"quotes\""], lists: [list(clips: 1, classes: 3)])
            try set.write(to: "\(folder)/out")
            #expect(try ListFile.labels("\(folder)/out/labels.csv") == set.labels)
            #expect(try ClipList.read("\(folder)/out/train.txt", classes: 3) == set.lists[0].entries)
            #expect(throws: DatasetError.self) { try set.write(to: "\(folder)/out") }
            #expect(throws: DatasetError.self) { try set.write(to: "\(folder)/absent/out") }
            var impossible = set
            impossible.lists[0].name = "no/such/folder"
            #expect(throws: DatasetError.self) { try impossible.write(to: "\(folder)/half") }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["out"])
        }
    }
}
