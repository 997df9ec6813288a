import Testing

@testable import Pipeline

@Suite struct TopAccuracyTests {
    private static func accuracy(_ clips: [([Int], [Float])]) -> [Int] {
        let views = ViewProtocol(frames: 4)
        let result = EvaluationResult(
            labels: (0..<7).map { "\($0)" },
            clips: clips.map { EvaluationResult.Clip(name: "a", classes: $0, scores: $1) },
            record: EvaluationFixture.record(views))
        let accuracy = TopAccuracy(result)
        return [accuracy.clips, accuracy.correct, accuracy.amongFive]
    }

    @Test func countsFirstAndAmongFive() {
        let scores: [Float] = [0.1, 0.3, 0.2, 0.15, 0.12, 0.08, 0.05]
        #expect(Self.accuracy([([1], scores), ([4], scores), ([0], scores), ([5], scores)]) == [4, 1, 3])
    }

    @Test func anUnreadableClipIsWrongAndStaysInTheDenominator() {
        #expect(Self.accuracy([([0], []), ([0], [1, 0, 0, 0, 0, 0, 0])]) == [2, 1, 1])
    }

    @Test func anyOfSeveralClassesIsRight() {
        #expect(Self.accuracy([([6, 2], [0, 0, 0.9, 0, 0, 0, 0])]) == [1, 1, 1])
    }

    @Test func ofEqualScoresTheLowerIdComesFirst() {
        let equal = [Float](repeating: 1.0 / 7, count: 7)
        #expect(Self.accuracy([([0], equal), ([1], equal), ([5], equal)]) == [3, 1, 2])
    }
}
