/// Two runs side by side, over the clips that both lists have.
package struct EvaluationComparison: Sendable, Codable, Equatable {
    package struct Row: Sendable, Codable, Equatable {
        package let a: Double
        package let b: Double
        /// B less A, with the paired bootstrap's interval.
        package let difference: Double
        package let interval: ConfidenceInterval
        /// Where the figure is a share of clips.
        package let test: McNemar?
    }

    /// A clip that one run has right and the other wrong.
    package struct Change: Sendable, Codable, Equatable {
        package let name: String
        package let classes: [String]
        /// What the runs took it for; nil without scores.
        package let a: String?
        package let b: String?
        package let isRightInB: Bool
    }

    package let recordA: EvaluationRecord
    package let recordB: EvaluationRecord
    /// Clips compared.
    package let clips: Int
    /// Clips that only one of the runs has.
    package let onlyInA: Int
    package let onlyInB: Int
    /// Clips that the two lists give different classes; not compared.
    package let relabelled: Int
    package let top1: Row
    package let top5: Row
    package let meanClassAccuracy: Row
    /// In the order of A's list.
    package let changes: [Change]
    package let bootstrap: Bootstrap

    /// - Throws: as the other, and as `EvaluationSummary`.
    package init(a: EvaluationResult, b: EvaluationResult) throws(PipelineError) {
        try self.init(a: EvaluationSummary(a), b: EvaluationSummary(b))
    }

    /// - Throws: `PipelineError.unreadable` if the runs have no clip in common.
    package init(
        a: EvaluationSummary, b: EvaluationSummary, bootstrap: Bootstrap = Bootstrap()
    ) throws(PipelineError) {
        let pairing = Pairing(a, b)
        guard !pairing.pairs.isEmpty else {
            throw .unreadable(source: b.record.list, reason: "no clip of it is in \(a.record.list) with the same class")
        }
        (recordA, recordB) = (a.record, b.record)
        clips = pairing.pairs.count
        relabelled = pairing.relabelled
        onlyInA = a.clips.count - clips - relabelled
        onlyInB = b.clips.count - clips - relabelled
        self.bootstrap = bootstrap

        let (ofA, ofB) = (pairing.pairs.map(\.a), pairing.pairs.map(\.b))
        // Ids of B may be another vocabulary's; the means are over the classes of A's labels for both.
        let tables = [ofA, zip(ofA, ofB).map { $1.withClasses($0.classes) }]
            .map { OutcomeTable($0, classCount: a.labels.count) }
        let values = tables.map { $0.accuracies() }
        let drawn = bootstrap.accuracies(of: tables)
        func row(_ path: KeyPath<Accuracies, Double>, within count: Int?) -> Row {
            let (valueA, valueB) = (values[0][keyPath: path], values[1][keyPath: path])
            let differences = zip(drawn[0], drawn[1]).map { $1[keyPath: path] - $0[keyPath: path] }
            return Row(
                a: valueA, b: valueB, difference: valueB - valueA,
                interval: ConfidenceInterval(percentilesOf: differences),
                test: count.map { count in
                    let pairs = zip(ofA, ofB).map { ($0.isRight(within: count), $1.isRight(within: count)) }
                    return McNemar(onlyA: pairs.count { $0 && !$1 }, onlyB: pairs.count { !$0 && $1 })
                })
        }
        top1 = row(\.top1, within: 1)
        top5 = row(\.top5, within: 5)
        meanClassAccuracy = row(\.meanClass, within: nil)
        changes = zip(ofA, ofB).compactMap { one, other in
            guard one.isRight(within: 1) != other.isRight(within: 1) else { return nil }
            return Change(
                name: one.name, classes: one.classes.map { a.labels[$0] }, a: one.predicted.map { a.labels[$0] },
                b: other.predicted.map { b.labels[$0] }, isRightInB: other.isRight(within: 1))
        }
    }
}

/// Which clip of one run is which of another: the same name, and the same classes by label. A name that stands several times
/// in a list pairs in order.
private struct Pairing {
    private(set) var pairs: [(a: ClipOutcome, b: ClipOutcome)] = []
    private(set) var relabelled = 0

    init(_ a: EvaluationSummary, _ b: EvaluationSummary) {
        var others: [String: [ClipOutcome]] = [:]
        for clip in b.clips.reversed() { others[clip.name, default: []].append(clip) }
        for clip in a.clips {
            guard let other = others[clip.name]?.popLast() else { continue }
            if Set(clip.classes.map { a.labels[$0] }) == Set(other.classes.map { b.labels[$0] }) {
                pairs.append((clip, other))
            } else {
                relabelled += 1
            }
        }
    }
}

extension ClipOutcome {
    /// The same outcome under other class ids.
    fileprivate func withClasses(_ classes: [Int]) -> ClipOutcome {
        ClipOutcome(
            name: name, classes: classes, best: best, bestScores: bestScores, place: place, score: score,
            failure: failure)
    }
}
