import Synchronization

/// Ends the reading of a clip that makes no progress, or that nobody waits for any more. From any thread.
final class ClipWatch: Sendable {
    enum Verdict: Equatable {
        case cancelled
        /// No progress within the limit.
        case hanging
    }

    let limit: Duration
    private let isCancelled = Atomic(false)
    private let progress = Mutex((last: ContinuousClock.now, hangs: false))

    init(limit: Duration) { self.limit = limit }

    func cancel() { isCancelled.store(true, ordering: .relaxed) }

    /// A packet was found or a picture decoded.
    func noteProgress() { progress.withLock { $0.last = .now } }

    /// Why reading should end; nil to go on. A clip that was once found to hang is never taken back: a read was refused for it, and
    /// whoever meets the fault which that makes asks here for the reason.
    var verdict: Verdict? {
        if isCancelled.load(ordering: .relaxed) { return .cancelled }
        return progress.withLock { progress in
            progress.hangs = progress.hangs || .now - progress.last > limit
            return progress.hangs ? .hanging : nil
        }
    }

    /// Time since the last progress.
    var silence: Duration { ContinuousClock.now - progress.withLock { $0.last } }

    /// The failure of a clip whose reading `verdict` ended.
    func failure(_ name: String, _ verdict: Verdict) -> ClipFailure {
        let reason =
            verdict == .hanging ? "no picture within \(limit.inSeconds) s" : "reading was cancelled"
        return ClipFailure(kind: .hanging, reason: "\(name): \(reason)")
    }
}
