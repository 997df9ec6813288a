import Pipeline

/// When a failed request is sent again.
struct RetryPolicy: Sendable {
    /// Attempts after the first.
    let limit: Int
    /// The longest wait that a server may ask for.
    let patience: Duration
    private(set) var attemptCount = 0
    private var backoff: ReconnectBackoff

    /// - Parameter range: the shortest and the longest wait where the server asks for none; each is twice the one before.
    init(
        limit: Int, range: ClosedRange<Duration> = .seconds(1) ... .seconds(60), patience: Duration = .seconds(900),
        seed: UInt64 = .random(in: 0 ... .max)
    ) {
        self.limit = limit
        self.patience = patience
        backoff = ReconnectBackoff(range: range, seed: seed)
    }

    /// The wait before the next attempt, or `nil` to give up.
    mutating func wait(after failure: ChatFailure) -> Duration? {
        let asked = failure.retryAfter
        guard failure.isPassing, attemptCount < limit, asked ?? .zero <= patience else { return nil }
        attemptCount += 1
        let own = backoff.next()
        return asked ?? own
    }
}
