import TestSupport
import Testing

@testable import Pipeline

@Suite struct BootstrapTests {
    private func outcomes(_ right: [Bool], classes: Int) -> [ClipOutcome] {
        right.enumerated().map { index, isRight in
            let id = index % classes
            return ClipOutcome(
                EvaluationResult.Clip(
                    name: "\(index)", classes: [id],
                    scores: (0..<classes).map { $0 == (isRight ? id : (id + 1) % classes) ? 1 : 0 }), count: classes)
        }
    }

    @Test func takesPercentilesLikeNumPy() {
        let interval = ConfidenceInterval(percentilesOf: [5, 1, 4, 2, 3, 9, 7.5])
        #expect(abs(interval.low - 1.15) < 1e-12 && abs(interval.high - 8.775) < 1e-12)
    }

    /// A share of n clips varies between draws as a binomial variable does: SciPy's `binom.ppf` of 400 at 0.3.
    @Test func givesTheBinomialsRange() {
        let table = OutcomeTable(outcomes((0..<400).map { $0 % 10 < 3 }, classes: 4), classCount: 4)
        let drawn = Bootstrap(seed: 3).accuracies(of: [table])[0]
        let interval = ConfidenceInterval(percentilesOf: drawn.map(\.top1))
        #expect(abs(interval.low - 102.0 / 400) <= 2.0 / 400)
        #expect(abs(interval.high - 138.0 / 400) <= 2.0 / 400)
    }

    @Test func givesTheSameForTheSameSeed() {
        let table = OutcomeTable(outcomes((0..<50).map { $0 % 3 > 0 }, classes: 5), classCount: 5)
        let first = Bootstrap(resamples: 50, seed: 9).accuracies(of: [table])
        #expect(first == Bootstrap(resamples: 50, seed: 9).accuracies(of: [table]))
        #expect(first != Bootstrap(resamples: 50, seed: 10).accuracies(of: [table]))
    }

    @Test func drawsTheSameClipsForBothRuns() {
        let table = OutcomeTable(outcomes((0..<50).map { $0 % 3 > 0 }, classes: 5), classCount: 5)
        let drawn = Bootstrap(resamples: 50, seed: 9).accuracies(of: [table, table])
        #expect(drawn[0] == drawn[1])
    }
}
