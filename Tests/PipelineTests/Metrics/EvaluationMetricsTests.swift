import Foundation
import TestSupport
import Testing

@testable import Pipeline

/// Expected values are from NumPy 2, SciPy and scikit-learn on the same scores.
@Suite struct EvaluationMetricsTests {
    private func expect(_ actual: Double, _ expected: Double, _ name: String, within: Double = 2e-6) {
        #expect(abs(actual - expected) <= within, "\(name) is \(actual), expected \(expected)")
    }

    @Test(.tags(.golden)) func equalsScikitLearnOnTheDemo() throws {
        let metrics = try EvaluationMetrics(result: DemoEvaluation.result())
        expect(metrics.top1.value, 0.9933333333333333, "top-1")
        expect(metrics.top5.value, 1, "top-5")
        expect(metrics.meanClassAccuracy.value, 0.9933333333333333, "mean class accuracy")
        #expect(metrics.meanAveragePrecision == nil)
        #expect(metrics.classes.allSatisfy { $0.clips == 20 && $0.averagePrecision == nil })
        let calibration = try #require(metrics.calibration)
        expect(calibration.error, 0.1214683659871419, "ECE")
        expect(calibration.temperature, 0.21746857550922177, "temperature", within: 1e-5)
        expect(calibration.logLoss, 0.14739511876518316, "log loss")
        expect(calibration.logLossAtTemperature, 0.01825147115296114, "log loss at temperature")
        expect(calibration.errorAtTemperature, 0.009803014116553965, "ECE at temperature", within: 2e-5)
    }

    /// A third of the clips relabelled, which leaves five classes without clips.
    @Test(.tags(.golden)) func equalsScikitLearnWithManyMistakes() throws {
        var result = try DemoEvaluation.result()
        for index in stride(from: 0, to: 300, by: 3) {
            result.clips[index].classes = [(result.clips[index].classes[0] + 1) % 15]
        }
        let metrics = try EvaluationMetrics(result: result)
        expect(metrics.top1.value, 0.6633333333333333, "top-1")
        expect(metrics.top5.value, 0.85, "top-5")
        expect(metrics.meanClassAccuracy.value, 0.745, "mean class accuracy")
        #expect(metrics.classes.count { $0.clips == 0 && $0.top1 == nil && $0.top5 == nil } == 5)
        let calibration = try #require(metrics.calibration)
        expect(calibration.error, 0.2143117672204972, "ECE")
        expect(calibration.temperature, 1.4502744413358915, "temperature", within: 1e-5)
        expect(calibration.logLoss, 1.7016390789977276, "log loss")
        expect(calibration.logLossAtTemperature, 1.5129046979213951, "log loss at temperature")
        expect(calibration.errorAtTemperature, 0.03889326121781357, "ECE at temperature", within: 2e-5)
    }

    @Test(.tags(.golden)) func averagesPrecisionLikeScikitLearn() throws {
        var result = try DemoEvaluation.result()
        for index in result.clips.indices {
            result.clips[index].classes.append((result.clips[index].classes[0] + 2) % 15)
        }
        let metrics = try EvaluationMetrics(result: result)
        expect(try #require(metrics.meanAveragePrecision), 0.6112573674147784, "mAP")
        expect(try #require(metrics.classes[0].averagePrecision), 0.6580195097376539, "AP of class 0")
        expect(try #require(metrics.classes[1].averagePrecision), 0.5746472429941155, "AP of class 1")
    }

    @Test func countsAFailedClipAsWrong() throws {
        var result = try DemoEvaluation.result()
        result.clips[0].scores = []
        result.clips[0].failure = ClipFailure(kind: .undecodable, reason: "no frame")
        result.clips[1].failure = ClipFailure(kind: .missing, reason: "not there")
        result.clips[2].scores[3] = .nan
        let metrics = try EvaluationMetrics(result: result)
        #expect(metrics.clips == 300 && metrics.scored == 297)
        #expect(metrics.failures == ["undecodable": 1, "missing": 1, "no_scores": 1])
        expect(metrics.top1.value, 295.0 / 300, "top-1")
        expect(metrics.top5.value, 297.0 / 300, "top-5")
        #expect(metrics.classes[0].unscored == 1 && metrics.classes[0].clips == 20)
        #expect(metrics.calibration?.clips == 297)
        #expect(metrics.confusion.rowTotals == metrics.classes.map(\.clips))
    }

    @Test func refusesAListWithoutClipsAndClassesWithoutLabels() throws {
        var result = try DemoEvaluation.result()
        result.clips[7].classes = [15]
        #expect(throws: PipelineError.self) { try EvaluationMetrics(result: result) }
        result.clips[7].classes = []
        #expect(throws: PipelineError.self) { try EvaluationMetrics(result: result) }
        result.clips = []
        #expect(throws: PipelineError.self) { try EvaluationMetrics(result: result) }
    }

    @Test func worksWhereNoClipCouldBeRead() throws {
        var result = try DemoEvaluation.result()
        for index in result.clips.indices {
            result.clips[index].scores = []
            result.clips[index].failure = ClipFailure(kind: .missing, reason: "not there")
        }
        let metrics = try EvaluationMetrics(result: result)
        #expect(metrics.top1.value == 0 && metrics.top1.interval == ConfidenceInterval(low: 0, high: 0))
        #expect(metrics.calibration == nil && metrics.failures == ["missing": 300])
    }

    /// Random scores with many ties, clips of up to three classes, failures.
    @Test(.tags(.property), arguments: UInt64(0)..<30) func equalsBruteForce(seed: UInt64) throws {
        var generator = SplitMix64(state: seed)
        let count = Int.random(in: 2...12, using: &generator)
        let clips = (0..<Int.random(in: 1...60, using: &generator)).map { index in
            EvaluationResult.Clip(
                name: "\(index)",
                classes: (0..<Int.random(in: 1...3, using: &generator)).map { _ in
                    Int.random(in: 0..<count, using: &generator)
                },
                scores: (0..<count).map { _ in Float(Int.random(in: 0...4, using: &generator)) / 4 },
                failure: Bool.random(using: &generator) && index % 5 == 0
                    ? ClipFailure(kind: .hanging, reason: "") : nil)
        }
        let result = EvaluationResult(
            labels: (0..<count).map { "\($0)" }, clips: clips, record: DemoEvaluation.record())
        let metrics = try EvaluationMetrics(result: result, bootstrap: Bootstrap(resamples: 20, seed: seed))
        func isRight(_ clip: EvaluationResult.Clip, _ within: Int) -> Bool {
            guard clip.failure == nil else { return false }
            let order = (0..<count).sorted { (-clip.scores[$0], $0) < (-clip.scores[$1], $1) }
            return !Set(order.prefix(within)).isDisjoint(with: clip.classes)
        }
        for (figure, within) in [(metrics.top1, 1), (metrics.top5, 5)] {
            expect(figure.value, Double(clips.count { isRight($0, within) }) / Double(clips.count), "top \(within)")
            #expect(figure.interval.low <= figure.interval.high)
        }
        let rows = (0..<count).compactMap { id -> Double? in
            let own = clips.filter { $0.classes.contains(id) }
            return own.isEmpty ? nil : Double(own.count { isRight($0, 1) }) / Double(own.count)
        }
        expect(metrics.meanClassAccuracy.value, rows.reduce(0, +) / Double(rows.count), "mean class accuracy")
        let cells = metrics.confusion.cells
        #expect(cells.reduce(0) { $0 + $1.clips } + metrics.confusion.unscored.reduce(0, +) == clips.count)
        #expect(
            cells.filter { $0.actual == $0.predicted }.reduce(0) { $0 + $1.clips } == clips.count { isRight($0, 1) })
        #expect(metrics.failures.values.reduce(0, +) == clips.count - metrics.scored)
    }

    @Test func listsTheFullestConfusionsFirst() {
        let outcomes = [(0, 1), (0, 1), (2, 0), (2, 0), (1, 2), (1, 1)].map { actual, predicted in
            ClipOutcome(
                EvaluationResult.Clip(
                    name: "", classes: [actual], scores: (0..<3).map { $0 == predicted ? 1 : 0 }), count: 3)
        }
        let pairs = ConfusionMatrix(outcomes, classCount: 3).mostConfused(2)
        #expect(pairs.map(\.actual) == [0, 2] && pairs.map(\.predicted) == [1, 0] && pairs.map(\.clips) == [2, 2])
    }

    @Test func survivesJSON() throws {
        let metrics = try EvaluationMetrics(result: DemoEvaluation.result())
        let data = try JSONEncoder().encode(metrics)
        #expect(try JSONDecoder().decode(EvaluationMetrics.self, from: data) == metrics)
    }
}
