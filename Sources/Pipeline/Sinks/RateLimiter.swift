/// Decides which of many like reports are made: at most one per `interval`, each with the number of those left out.
package struct RateLimiter: Sendable {
    private let interval: Duration
    private var last: ContinuousClock.Instant?
    private var leftOut = 0

    package init(interval: Duration = .seconds(1)) {
        self.interval = interval
    }

    /// Nil to leave this one out, otherwise how many were left out since the last that was not.
    package mutating func admit(at now: ContinuousClock.Instant) -> Int? {
        if let last, now - last < interval {
            leftOut += 1
            return nil
        }
        last = now
        defer { leftOut = 0 }
        return leftOut
    }
}
