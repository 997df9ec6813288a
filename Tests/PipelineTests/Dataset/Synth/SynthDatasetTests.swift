import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Pipeline

@Suite(.timeLimit(.minutes(2))) struct SynthDatasetTests {
    private let dataset = SynthDataset(clipsPerClass: 3, valPerClass: 1, seed: 0)

    @Test func listsEveryClassEvenly() {
        let annotations = dataset.annotations
        #expect(annotations.labels.count == 15 && Set(annotations.labels).count == 15)
        #expect(annotations.lists.map(\.name) == ["train", "val"])
        #expect(annotations.lists.map(\.entries.count) == [45, 15])
        #expect(annotations.lists[0].entries[16] == ClipEntry(name: "train-walking-right-001.mp4", classes: [1]))
        #expect(Set(annotations.lists.flatMap { $0.entries.map(\.name) }).count == 60)
    }

    @Test(.tags(.gstreamer)) func stoppedItLeavesNothing() throws {
        try withDatasetFolder { folder in
            let done = Atomic(0)
            let outcome = try dataset.write(
                to: "\(folder)/out", as: .archive, threads: 2, isStopped: { done.load(ordering: .relaxed) > 0 },
                progress: { count, total in
                    #expect(total == 60)
                    done.store(count, ordering: .relaxed)
                })
            #expect(outcome == .stopped && (1...2).contains(done.load(ordering: .relaxed)))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
        }
    }

    @Test func refusesAFolderThatIsNotEmptyBeforeItDraws() throws {
        try withDatasetFolder { folder in
            try Data().write(to: URL(filePath: "\(folder)/mine"))
            #expect(throws: DatasetError.self) {
                try dataset.write(to: folder, as: .folder, threads: 1, isStopped: { false }, progress: { _, _ in })
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["mine"])
        }
    }
}
