import Foundation
import Recognizer
import TestSupport
import Testing

@testable import Pipeline

@Suite struct EvaluationDumpTests {
    private static let views = ViewProtocol(frames: 4, clips: 2)
    private static let clips = 7

    private static func dump(_ indices: [Int]) throws -> EvaluationDump {
        let store = try EvaluationFixture.store(clips, views)
        _ = try EvaluationFixture.run(indices, views, threads: 1, store: store)
        return EvaluationFixture.dump(store, indices, views)
    }

    @Test func scoresAreTheMeanOverViewsOfTheMeanOverPrompts() throws {
        let dump = try Self.dump(Array(0..<Self.clips))
        let session = try EvaluationFixture.makeSession(Self.views)
        let scores = dump.scores(dump.vocabulary)
        let features = try #require(dump.features.mappedFloats)
        var expected: [Float] = []
        for clip in 0..<Self.clips where clip != 3 {
            let ofViews = (0..<2).map { view in
                var scores: [Float] = []
                let feature = Array(features[(clip * 2 + view) * dump.width..<(clip * 2 + view + 1) * dump.width])
                // The session's own scale is exp(3); rescaling the feature is rescaling the logits.
                session.score(feature.map { $0 * dump.scale / session.scale }, dump.vocabulary, scores: &scores)
                return scores
            }
            expected += zip(ofViews[0], ofViews[1]).map { ($0 + $1) / 2 }
        }
        let classes = EvaluationFixture.labels.count
        let readable = (0..<Self.clips).filter { $0 != 3 }.flatMap { scores[$0 * classes..<($0 + 1) * classes] }
        expectClose(readable, expected, .scores, "scores")
        #expect(scores[3 * classes..<4 * classes].allSatisfy { $0 == 0 })
        #expect(dump.result().clips[3].scores.isEmpty)
        #expect(dump.result().clips[3].failure == EvaluationFixture.unreadable)
    }

    @Test func aFileGivesBackTheSameDump() throws {
        try withTemporaryDirectory { directory in
            let dump = try Self.dump(Array(0..<Self.clips))
            try dump.write(to: directory + "/dump.safetensors")
            let read = try EvaluationDump(path: directory + "/dump.safetensors")
            #expect(read.result() == dump.result())
            #expect(read.families == dump.families)
            let tensors = try CheckpointReader.read(directory + "/dump.safetensors").tensors
            #expect(tensors["video_features"]?.shape == [7, 2, 40])
            #expect(tensors["scores"]?.shape == [7, 5])
            #expect(tensors["valid_u8"]?.integers() == [1, 1, 1, 0, 1, 1, 1])
            #expect(tensors["index_i64"]?.integers() == Array(0..<7))
        }
    }

    @Test func partsMergeToTheWholeWhateverTheirOrder() throws {
        let whole = try Self.dump(Array(0..<Self.clips))
        let parts = [try Self.dump([0, 3, 6]), try Self.dump([1, 4]), try Self.dump([2, 5])]
        let merged = try EvaluationDump.merging(
            [("c", parts[2]), ("a", parts[0]), ("b", parts[1])],
            directory: FileManager.default.temporaryDirectory.path)
        var expected = whole.result()
        expected.record.seconds = 4.5
        #expect(merged.result() == expected)
    }

    @Test func partsOfAnotherEvaluationMissingAndDoubleOnesAreRefused() throws {
        let directory = FileManager.default.temporaryDirectory.path
        let (a, b) = (try Self.dump([0, 2, 4, 6]), try Self.dump([1, 3, 5]))
        #expect(throws: EvaluationError.self) {
            try EvaluationDump.merging([("a", a), ("a2", a)], directory: directory)
        }
        let error = #expect(throws: EvaluationError.self) {
            try EvaluationDump.merging([("a", a)], directory: directory)
        }
        #expect("\(error, default: "")".hasPrefix("3 of 7 clips are in none of the 1 parts"))
        var other = b
        other.record.seed = 5
        let difference = EvaluationError.different(path: "b", differences: ["seed: 5 there, none here"])
        #expect(throws: difference) {
            try EvaluationDump.merging([("a", a), ("b", other)], directory: directory)
        }
    }

    @Test func aFileThatIsNoDumpIsRefused() throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/x.safetensors"
            try SafetensorsWriter.write(
                StateDict(tensors: ["scores": StoredTensor(copying: Tensor(zeros: [1, 2]))]), to: path)
            #expect(throws: EvaluationError.self) { try EvaluationDump(path: path) }
            var dump = try Self.dump([0, 1])
            dump.clips[1].classes = [5]
            try dump.write(to: path)
            #expect(throws: EvaluationError.self, "a class without a label") { try EvaluationDump(path: path) }
            dump.clips[1].classes = [1]
            dump.indices = [0, 7]
            try dump.write(to: path)
            #expect(throws: EvaluationError.self, "a place outside the list") { try EvaluationDump(path: path) }
            dump.indices = [0, 1]
            dump.families = [PromptFamily(name: "templates", count: 2)]
            try dump.write(to: path)
            #expect(throws: EvaluationError.self, "families of fewer prompts") { try EvaluationDump(path: path) }
        }
    }
}
