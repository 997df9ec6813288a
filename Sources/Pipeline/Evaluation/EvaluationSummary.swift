/// An evaluation without the full scores: every clip of the list with how it came out. What `report.json` keeps and what
/// two runs are compared by.
package struct EvaluationSummary: Sendable, Codable, Equatable {
    /// (C)
    package let labels: [String]
    /// In the order of the list, all of them.
    package let clips: [ClipOutcome]
    package let record: EvaluationRecord

    /// - Throws: `PipelineError.unreadable` for a list without clips and for class ids that have no label.
    package init(_ result: EvaluationResult) throws(PipelineError) {
        let count = result.labels.count
        try Self.check(result.clips.map(\.classes), count: count, list: result.record.list)
        labels = result.labels
        clips = result.clips.map { ClipOutcome($0, count: count) }
        record = result.record
    }

    /// - Throws: as the other, and for outcomes that cannot be of so many classes.
    package init(labels: [String], clips: [ClipOutcome], record: EvaluationRecord) throws(PipelineError) {
        let count = labels.count
        try Self.check(clips.map(\.classes), count: count, list: record.list)
        for clip in clips {
            let ids = 0..<count
            guard clip.best.allSatisfy(ids.contains), clip.best.count == clip.bestScores.count,
                clip.bestScores.allSatisfy(\.isFinite), clip.score?.isFinite ?? true,
                clip.place.map({ (1...count).contains($0) }) ?? true
            else {
                throw .unreadable(source: record.list, reason: "the outcome of \(clip.name.escapedForLog) is damaged")
            }
        }
        (self.labels, self.clips, self.record) = (labels, clips, record)
    }

    private static func check(_ classes: [[Int]], count: Int, list: String) throws(PipelineError) {
        guard !classes.isEmpty else { throw .unreadable(source: list, reason: "no clips to evaluate") }
        for (index, ids) in classes.enumerated() {
            guard !ids.isEmpty else {
                throw .unreadable(source: list, reason: "clip \(index + 1) has no class")
            }
            if let bad = ids.first(where: { !(0..<count).contains($0) }) {
                throw .unreadable(
                    source: list,
                    reason: "clip \(index + 1) has class \(bad), but \(count) labels make ids below \(count)")
            }
        }
    }
}
