import Pipeline
import Testing

@Suite struct SinkPolicyTests {
    @Test func backoffDoublesUpToItsLimit() {
        let policy = SinkPolicy(firstBackoff: .milliseconds(200), longestBackoff: .seconds(2))
        let waits = (1...6).map { policy.backoff(after: $0) }
        #expect(
            waits == [
                .milliseconds(200), .milliseconds(400), .milliseconds(800), .milliseconds(1600), .seconds(2),
                .seconds(2),
            ])
        #expect(policy.backoff(after: .max) == .seconds(2))
    }
}

@Suite struct RateLimiterTests {
    @Test func admitsOneAnIntervalAndCountsTheOthers() {
        var limiter = RateLimiter(interval: .seconds(1))
        let begin = ContinuousClock.now
        let answers = [0, 100, 200, 999, 1000, 1500, 3000, 4000].map { limiter.admit(at: begin + .milliseconds($0)) }
        #expect(answers == [0, nil, nil, nil, 3, nil, 1, 0])
    }
}
