/// How patient a `SinkRunner` is with its sink.
package struct SinkPolicy: Sendable, Equatable {
    /// Messages that may wait.
    package var capacity: Int
    /// A `deliver` that takes longer is cancelled, and an event that has waited longer is marked as late.
    package var deadline: Duration
    /// Wait before the second attempt; each further one waits twice as long, up to `longestBackoff`.
    package var firstBackoff: Duration
    package var longestBackoff: Duration

    package init(
        capacity: Int = 1000, deadline: Duration = .seconds(5), firstBackoff: Duration = .milliseconds(200),
        longestBackoff: Duration = .seconds(10)
    ) {
        self.capacity = capacity
        self.deadline = deadline
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
    /// Scores and states that the sink did not take, and all that still waited when the runner stopped.
    package var lost = 0
    /// Messages waiting now, the one being delivered not included.
    package var queueDepth = 0

    package init() {}
}
