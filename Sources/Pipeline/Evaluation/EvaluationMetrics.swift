/// The figures of an evaluation. Every clip of the list is in the denominator; one without scores counts as wrong.
///
/// A clip of several classes is right within the best k if one of them is.
package struct EvaluationMetrics: Sendable, Codable, Equatable {
    /// A share, 0...1, and where it lies with 95 % confidence.
    package struct Figure: Sendable, Codable, Equatable {
        package let value: Double
        package let interval: ConfidenceInterval
    }

    package struct ClassRow: Sendable, Codable, Equatable {
        package let id: Int
        package let label: String
        package let clips: Int
        /// Of these, without scores.
        package let unscored: Int
        /// Nil without clips.
        package let top1: Double?
        package let top5: Double?
        /// Only where clips have several classes.
        package let averagePrecision: Double?
    }

    /// Clips of the list.
    package let clips: Int
    /// Of these, with scores.
    package let scored: Int
    package let top1: Figure
    package let top5: Figure
    /// Mean over the classes that have clips of their share of right ones.
    package let meanClassAccuracy: Figure
    /// Mean over the classes that have clips; only where a clip has several classes.
    package let meanAveragePrecision: Double?
    /// (C)
    package let classes: [ClassRow]
    package let confusion: ConfusionMatrix
    /// Nil if no clip has scores.
    package let calibration: Calibration?
    /// Clips without scores, by `ClipFailure.Kind`; `no_scores` where the model gave none that are finite.
    package let failures: [String: Int]
    package let bootstrap: Bootstrap

    /// - Throws: as `EvaluationSummary`.
    package init(result: EvaluationResult, bootstrap: Bootstrap = Bootstrap()) throws(PipelineError) {
        let outcomes = try EvaluationSummary(result).clips
        let classCount = result.labels.count
        let table = OutcomeTable(outcomes, classCount: classCount)
        let value = table.accuracies()
        let drawn = bootstrap.accuracies(of: [table])[0]
        func figure(_ path: KeyPath<Accuracies, Double>) -> Figure {
            Figure(
                value: value[keyPath: path],
                interval: ConfidenceInterval(percentilesOf: drawn.map { $0[keyPath: path] }))
        }
        self.bootstrap = bootstrap
        clips = outcomes.count
        scored = outcomes.count { $0.place != nil }
        top1 = figure(\.top1)
        top5 = figure(\.top5)
        meanClassAccuracy = figure(\.meanClass)
        classes = Self.rows(result, outcomes)
        let precisions = classes.compactMap(\.averagePrecision)
        meanAveragePrecision = precisions.isEmpty ? nil : precisions.reduce(0, +) / Double(precisions.count)
        confusion = ConfusionMatrix(outcomes, classCount: classCount)
        calibration = Calibration(result, outcomes: outcomes)
        var failures: [String: Int] = [:]
        for outcome in outcomes where outcome.place == nil {
            failures[outcome.failure?.kind.rawValue ?? "no_scores", default: 0] += 1
        }
        self.failures = failures
    }

    private static func rows(_ result: EvaluationResult, _ outcomes: [ClipOutcome]) -> [ClassRow] {
        var members = [[Int]](repeating: [], count: result.labels.count)
        for (index, outcome) in outcomes.enumerated() {
            for id in Set(outcome.classes) { members[id].append(index) }
        }
        let isMultiLabel = outcomes.contains { Set($0.classes).count > 1 }
        let scored = isMultiLabel ? outcomes.indices.filter { outcomes[$0].place != nil } : []
        return result.labels.enumerated().map { id, label in
            let own = members[id].map { outcomes[$0] }
            func share(_ count: Int) -> Double? {
                own.isEmpty ? nil : Double(own.count { $0.isRight(within: count) }) / Double(own.count)
            }
            let precision =
                isMultiLabel
                ? AveragePrecision.value(
                    scores: scored.map { result.clips[$0].scores[id] },
                    isMember: scored.map { outcomes[$0].classes.contains(id) }, members: own.count)
                : nil
            return ClassRow(
                id: id, label: label, clips: own.count, unscored: own.count { $0.place == nil }, top1: share(1),
                top5: share(5), averagePrecision: precision)
        }
    }
}
