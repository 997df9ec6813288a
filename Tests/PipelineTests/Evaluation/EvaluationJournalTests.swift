import Foundation
import Recognizer
import TestSupport
import Testing

@testable import Pipeline

@Suite struct EvaluationJournalTests {
    private static let views = ViewProtocol(frames: 4, clips: 2)
    private static let record = EvaluationFixture.record(views)

    /// Writes records for clips 0, 1 and 2 and returns the file's size after each.
    private static func write(_ path: String) throws -> [Int] {
        let store = try EvaluationFixture.store(4, views)
        let journal = try EvaluationJournal(path: path, record: record, part: "0/1", into: store)
        var sizes = [try size(path)]
        for clip in 0..<3 {
            let features = (0..<store.views * store.width).map { Float(clip * 1000 + $0) }
            try features.withUnsafeBufferPointer { try journal.append($0, of: clip, seconds: 2) }
            sizes.append(try size(path))
        }
        return sizes
    }

    private static func size(_ path: String) throws -> Int { try Data(contentsOf: URL(filePath: path)).count }

    private static func reopened(
        _ path: String, record: EvaluationRecord = record, part: String = "0/1", clips: Int = 4
    ) throws -> (store: FeatureStore, journal: EvaluationJournal) {
        let store = try EvaluationFixture.store(clips, views)
        return (store, try EvaluationJournal(path: path, record: record, part: part, into: store))
    }

    @Test func givesBackWhatWasWritten() throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/state"
            _ = try Self.write(path)
            let (store, journal) = try Self.reopened(path)
            #expect(store.pending == [3])
            #expect(store.features(of: 2).prefix(3) == [2000, 2001, 2002])
            #expect(journal.seconds == 6)
        }
    }

    @Test func dropsARecordThatWasCutOffAndGoesOnBehindTheLastWholeOne() throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/state"
            let sizes = try Self.write(path)
            for end in [sizes[3] - 1, sizes[2] + 9, sizes[2] + 1] {
                let bytes = try Data(contentsOf: URL(filePath: path))
                try bytes.prefix(end).write(to: URL(filePath: path))
                let (store, journal) = try Self.reopened(path)
                #expect(store.pending == [2, 3])
                #expect(try Self.size(path) == sizes[2])
                let features = [Float](repeating: 5, count: store.views * store.width)
                try features.withUnsafeBufferPointer { try journal.append($0, of: 2, seconds: 1) }
                #expect(try Self.reopened(path).store.features(of: 2).allSatisfy { $0 == 5 })
            }
        }
    }

    @Test func dropsEverythingFromADamagedRecordOn() throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/state"
            let sizes = try Self.write(path)
            var bytes = try Data(contentsOf: URL(filePath: path))
            bytes[sizes[1] + 40] ^= 1
            try bytes.write(to: URL(filePath: path))
            #expect(try Self.reopened(path).store.pending == [1, 2, 3])
        }
    }

    @Test func refusesAnotherEvaluationAndSaysHowItDiffers() throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/state"
            _ = try Self.write(path)
            var other = EvaluationFixture.record(Self.views, weights: "x", prompts: "q")
            other.views = "4x3"
            let differences = ["weights: w there, x here", "views: 2x1 there, 4x3 here", "prompts: p there, q here"]
            #expect(throws: EvaluationError.different(path: path, differences: differences)) {
                _ = try Self.reopened(path, record: other)
            }
            #expect(throws: EvaluationError.different(path: path, differences: ["part: 0/1 there, 1/2 here"])) {
                _ = try Self.reopened(path, part: "1/2")
            }
            // Where the files lie and how long it took decide nothing.
            other = Self.record
            (other.data, other.list, other.seconds) = ("elsewhere", "other.txt", 99)
            #expect(try Self.reopened(path, record: other).store.pending == [3])
        }
    }

    @Test func refusesAFileThatIsNoState() throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/state"
            for text in ["something else", "{}\n", "{\"format\":\"claverd evaluation 9\"}\n", "\n\n\n"] {
                try Data(text.utf8).write(to: URL(filePath: path))
                #expect(throws: EvaluationError.malformed(path: path, reason: "not the state of an evaluation")) {
                    _ = try Self.reopened(path)
                }
                #expect(try Data(contentsOf: URL(filePath: path)) == Data(text.utf8), "it is left as it was")
            }
        }
    }
}
