import Foundation
import Recognizer
import TestSupport
import Testing

@testable import Pipeline

@Suite struct EvaluationRunTests {
    private static let views = ViewProtocol(frames: 4, clips: 2, crops: 3)
    private static let clips = 9

    private static func whole(threads: Int) throws -> FeatureStore {
        let store = try EvaluationFixture.store(clips, views)
        let done = try EvaluationFixture.run(Array(0..<clips), views, threads: threads, store: store)
        #expect(done == clips)
        return store
    }

    @Test func numbersAreTheSameToTheLastBitOnAnyNumberOfThreads() throws {
        let one = try Self.whole(threads: 1)
        #expect(one.outcomes[3] == .failed(EvaluationFixture.unreadable))
        for threads in [2, 3, 8] {
            let several = try Self.whole(threads: threads)
            #expect(several.bits == one.bits)
            #expect(several.outcomes == one.outcomes)
        }
    }

    @Test func aResumedRunGivesWhatAWholeOneGives() throws {
        let whole = try Self.whole(threads: 1)
        try withTemporaryDirectory { directory in
            let path = directory + "/state"
            let record = EvaluationFixture.record(Self.views)
            do {
                let store = try EvaluationFixture.store(Self.clips, Self.views)
                let journal = try EvaluationJournal(path: path, record: record, part: "0/1", into: store)
                _ = try EvaluationFixture.run([0, 1, 2, 3, 4], Self.views, threads: 2, store: store, journal: journal)
            }
            let store = try EvaluationFixture.store(Self.clips, Self.views)
            let journal = try EvaluationJournal(path: path, record: record, part: "0/1", into: store)
            #expect(store.pending == [3, 5, 6, 7, 8], "the unreadable clip is tried again")
            _ = try EvaluationFixture.run(store.pending, Self.views, threads: 1, store: store, journal: journal)
            #expect(store.bits == whole.bits)
            #expect(store.outcomes == whole.outcomes)
        }
    }

    @Test func aModelThatGivesNoNumbersIsAnError() throws {
        let store = try EvaluationFixture.store(1, Self.views)
        let clip = EvaluationFixture.clip(0, frames: 9, Self.views)
        let broken = DecodedClip(
            totalFrames: 9, views: clip.views, patches: clip.patches.map { _ in .nan })
        let next = Counter()
        #expect(throws: RecognizerError.nonFinite(tensor: "video_features of first")) {
            try EvaluationRun(store: store, journal: nil, places: [0], views: Self.views).run(
                threads: 2, makeSession: { try EvaluationFixture.makeSession(Self.views) },
                next: { next.take(below: 1).map { ($0, .success(broken)) } }, name: { _ in "first" },
                progress: { _, _ in })
        }
    }
}
