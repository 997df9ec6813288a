import TestSupport
import Testing

@testable import Pipeline

@Suite struct EvaluationComparisonTests {
    private func giving(_ result: EvaluationResult, _ clips: [Int]) -> EvaluationResult {
        var result = result
        for clip in clips {
            let id = (result.clips[clip].classes[0] + 1) % 15
            result.clips[clip].scores = (0..<15).map { $0 == id ? 0.86 : 0.01 }
        }
        return result
    }

    @Test func aRunDoesNotDifferFromItself() throws {
        let result = try DemoEvaluation.result()
        let same = try EvaluationComparison(a: result, b: result)
        #expect(same.clips == 300 && same.changes.isEmpty && same.onlyInA == 0 && same.onlyInB == 0)
        #expect(same.top1.difference == 0 && same.top1.test?.pValue == 1)
        #expect(same.top1.interval == ConfidenceInterval(low: 0, high: 0))
    }

    @Test func tellsWhichClipsChangedAndHowSurely() throws {
        let a = try DemoEvaluation.result()
        let spoilt = Array(stride(from: 0, to: 300, by: 10))
        let wrongBefore = try EvaluationSummary(a).clips.indices.filter {
            try !EvaluationSummary(a).clips[$0].isRight(within: 1)
        }
        let expected = spoilt.filter { !wrongBefore.contains($0) }
        let comparison = try EvaluationComparison(a: a, b: giving(a, spoilt))
        #expect(comparison.changes.map(\.name) == expected.map { a.clips[$0].name })
        #expect(comparison.changes.allSatisfy { !$0.isRightInB && $0.a == $0.classes[0] && $0.b != $0.a })
        #expect(comparison.top1.test == McNemar(onlyA: expected.count, onlyB: 0))
        #expect((comparison.top1.test?.pValue ?? 1) < 1e-6)
        #expect(abs(comparison.top1.difference + Double(expected.count) / 300) < 1e-12)
        #expect(comparison.top1.interval.high < 0 && comparison.top1.interval.low < comparison.top1.difference)
    }

    @Test func comparesOnlyWhatBothListsHaveUnderTheSameClass() throws {
        let a = try DemoEvaluation.result()
        var b = a
        b.clips.removeFirst(3)
        b.clips[0].classes = [(b.clips[0].classes[0] + 1) % 15]
        b.clips.append(EvaluationResult.Clip(name: "another.mp4", classes: [0], scores: a.clips[0].scores))
        let comparison = try EvaluationComparison(a: a, b: b)
        #expect(comparison.clips == 296 && comparison.relabelled == 1)
        #expect(comparison.onlyInA == 3 && comparison.onlyInB == 1)
    }

    /// The same labels in another order are the same classes.
    @Test func goesByLabelsNotByIds() throws {
        let a = try DemoEvaluation.result()
        var b = a
        b.labels.reverse()
        for index in b.clips.indices {
            b.clips[index].classes = b.clips[index].classes.map { 14 - $0 }
            b.clips[index].scores.reverse()
        }
        let comparison = try EvaluationComparison(a: a, b: b)
        #expect(comparison.clips == 300 && comparison.changes.isEmpty)
        #expect(comparison.meanClassAccuracy.difference == 0)
    }

    @Test func refusesRunsWithoutACommonClip() throws {
        let a = try DemoEvaluation.result()
        var b = a
        for index in b.clips.indices { b.clips[index].name += "x" }
        #expect(throws: PipelineError.self) { try EvaluationComparison(a: a, b: b) }
    }
}
