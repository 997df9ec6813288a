import Foundation
import TestSupport
import Testing

@testable import Pipeline

@Suite struct CalibrationTests {
    @Test func binsHoldTheirUpperEnd() {
        let bins = Calibration.bins([0, 1.0 / 15, 0.07, 1, 0.5], [true, false, true, true, false])
        #expect(bins.map(\.clips) == [2, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1])
        #expect(bins[0].accuracy == 0.5 && bins[14].confidence == 1)
        let expected = (2 * abs(0.5 - 1.0 / 30) + 0.93 + 0.5 + 0) / 5
        #expect(abs(Calibration.error(bins) - expected) < 1e-12)
    }

    /// Scores `softmax(z)` with clips drawn from `softmax(z / 2)`: the fit must find about 2.
    @Test func findsTheTemperatureThatMadeTheScores() throws {
        var generator = SplitMix64(state: 5)
        var result = try DemoEvaluation.result()
        result.clips = (0..<1_500).map { index in
            let logits = (0..<15).map { _ in Double.random(in: -4...4, using: &generator) }
            let sharp = logits.map { exp($0) }
            let soft = logits.map { exp($0 / 2) }
            var mark = Double.random(in: 0..<soft.reduce(0, +), using: &generator)
            let id = soft.firstIndex { weight in
                mark -= weight
                return mark < 0
            }
            return EvaluationResult.Clip(
                name: "\(index)", classes: [id ?? 14], scores: sharp.map { Float($0 / sharp.reduce(0, +)) })
        }
        let outcomes = try EvaluationSummary(result).clips
        let calibration = try #require(Calibration(result, outcomes: outcomes))
        #expect(abs(calibration.temperature - 2) < 0.15, "\(calibration.temperature)")
        #expect(calibration.errorAtTemperature < 0.05 && calibration.error > 0.08)
        #expect(calibration.logLossAtTemperature < calibration.logLoss)
    }

    @Test func stopsAtTheLowestTemperatureWhereEveryClipIsRight() throws {
        var result = try DemoEvaluation.result()
        result.clips = result.clips.filter { clip in clip.scores.max() == clip.scores[clip.classes[0]] }
        let outcomes = try EvaluationSummary(result).clips
        let calibration = try #require(Calibration(result, outcomes: outcomes))
        #expect(calibration.temperature == Calibration.temperatures.lowerBound)
    }

    @Test func staysFiniteWithScoresOfNothing() throws {
        var result = try DemoEvaluation.result()
        for index in result.clips.indices {
            result.clips[index].scores = (0..<15).map { $0 == (index % 15 + 1) % 15 ? 1 : 0 }
        }
        let outcomes = try EvaluationSummary(result).clips
        let calibration = try #require(Calibration(result, outcomes: outcomes))
        #expect(calibration.error == 1 && calibration.logLoss.isFinite && calibration.logLossAtTemperature.isFinite)
    }
}
