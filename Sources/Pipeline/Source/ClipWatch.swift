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
    private let lastProgress = Mutex(ContinuousClock.now)

    init(limit: Duration) { self.limit = limit }

    func cancel() { isCancelled.store(true, ordering: .relaxed) }

    /// A packet was found or a picture decoded.
    func noteProgress() { lastProgress.withLock { $0 = .now } }

    /// Why reading should end; nil to go on.
    var verdict: Verdict? {
        if isCancelled.load(ordering: .relaxed) { return .cancelled }
        return silence > limit ? .hanging : nil
    }

    /// Time since the last progress.
    var silence: Duration { ContinuousClock.now - lastProgress.withLock { $0 } }

    /// The failure of a clip whose reading `verdict` ended.
    func failure(_ name: String, _ verdict: Verdict) -> ClipFailure {
        let reason =
            verdict == .hanging ? "no picture within \(limit.inSeconds) s" : "reading was cancelled"
        return ClipFailure(kind: .hanging, reason: "\(name): \(reason)")
    }
}
