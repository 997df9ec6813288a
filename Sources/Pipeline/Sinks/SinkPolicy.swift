/// How patient a `SinkRunner` is with its sink.
package struct SinkPolicy: Sendable, Equatable {
    /// Messages that may wait.
    package var capacity: Int
    /// A `deliver` that takes longer is cancelled.
    package var deadline: Duration
    /// An event is tried this often before it counts as lost.
    package var attempts: Int
    /// Wait before the second attempt; each further one waits twice as long, up to `longestBackoff`.
    package var firstBackoff: Duration
    package var longestBackoff: Duration

    package init(
        capacity: Int = 1000, deadline: Duration = .seconds(5), attempts: Int = 10,
        firstBackoff: Duration = .milliseconds(200), longestBackoff: Duration = .seconds(10)
    ) {
        self.capacity = capacity
        self.deadline = deadline
        self.attempts = attempts
        self.firstBackoff = firstBackoff
        self.longestBackoff = longestBackoff
    }

    /// The wait after an attempt that failed, counted from one.
    package func backoff(after attempt: Int) -> Duration {
        min(longestBackoff, firstBackoff * (1 << min(max(0, attempt - 1), 20)))
    }
}

/// What a sink's runner has counted since it was made.
package struct SinkCounters: Sendable, Equatable {
    /// Messages that the sink has taken.
    package var delivered = 0
    /// Messages given up because too many were waiting, or because the sink had stopped.
    package var dropped = 0
    /// Calls of `deliver` that threw.
    package var failed = 0
    /// Calls of `deliver` that passed the deadline, however they ended.
    package var timedOut = 0
    /// Repeated calls of `deliver` for the same event.
    package var retried = 0
    /// Messages given up after the last attempt, or still waiting when the runner stopped.
    package var lost = 0
    /// Messages waiting now, the one being delivered not included.
    package var queueDepth = 0

    package init() {}
}
