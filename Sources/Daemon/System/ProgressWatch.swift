/// Decides whether the watchdog may be told that all is well: every stage has moved on since the last time, or has nothing
/// to do.
struct ProgressWatch: Sendable {
    /// What a stage says about itself.
    enum Report: Sendable, Equatable {
        /// Nothing waits for this stage.
        case idle
        /// Work waits or is under way; the count of pieces done so far.
        case busy(done: UInt64)
    }

    private var doneAtLastPing: [String: UInt64] = [:]

    /// True if the watchdog may be pinged now. `stages` is every stage by its name.
    ///
    /// Progress counts from the last ping, not from the last question, so that stages which move in turn all count.
    mutating func mayPing(stages: [String: Report]) -> Bool {
        guard stalled(stages: stages).isEmpty else { return false }
        for case (let stage, .busy(let done)) in stages { doneAtLastPing[stage] = done }
        return true
    }

    /// Names of the stages that have work and have not moved since the last ping.
    func stalled(stages: [String: Report]) -> [String] {
        stages.compactMap { stage, report in
            guard case .busy(let done) = report, doneAtLastPing[stage] == done else { return nil }
            return stage
        }
        .sorted()
    }
}
