import Pipeline

/// What came of a rank's batches of an update; all ranks decide by the sum of all reports.
struct RankReport: Sendable, Equatable, Codable {
    /// Sum over the batches.
    var loss = 0.0
    var correct = 0
    var clips = 0
    /// Those that gave finite numbers.
    var batches = 0
    /// Seconds of waiting for clips.
    var waited = 0.0
    var fault: Fault?
    var unreadable: [Unreadable] = []
    /// Whether this rank was asked to stop.
    var isInterrupted = false

    /// Why an update must be skipped.
    struct Fault: Sendable, Equatable, Codable {
        var reason: String
        /// Numbers of clips in the list.
        var clips: [Int]
    }

    struct Unreadable: Sendable, Equatable, Codable {
        /// Its number in the list.
        var clip: Int
        var failure: ClipFailure
    }

    init() {}

    /// All ranks' reports as one, in the order of the ranks. The longest wait counts, and the first fault, which names its rank.
    init(_ reports: [RankReport]) {
        for (rank, report) in reports.enumerated() {
            loss += report.loss
            correct += report.correct
            clips += report.clips
            batches += report.batches
            waited = max(waited, report.waited)
            unreadable += report.unreadable
            isInterrupted = isInterrupted || report.isInterrupted
            if fault == nil, var found = report.fault {
                if reports.count > 1 { found.reason += " on rank \(rank)" }
                fault = found
            }
        }
    }
}
