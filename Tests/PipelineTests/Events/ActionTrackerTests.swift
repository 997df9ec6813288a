import Pipeline
import Testing

@Suite struct ActionTrackerTests {
    /// Scores of one label in windows of two seconds, half a second apart, beside an ignored label with the rest.
    private struct Feed {
        var tracker: ActionTracker
        private var end = 2.0

        init(_ rules: EventRules = EventRules(), ignored: Bool = false) {
            tracker = ActionTracker(labels: [
                .init(name: "waving", rules: rules, ignored: ignored),
                .init(name: "nothing", rules: rules, ignored: true),
            ])
        }

        mutating func observe(_ score: Float) -> [Transition] {
            defer { end += 0.5 }
            return tracker.observe(
                start: StreamTime(seconds: end - 2), end: StreamTime(seconds: end), scores: [score, 1 - score])
        }

        mutating func observe(_ scores: [Float]) -> [Transition] { scores.flatMap { observe($0) } }

        mutating func pass(_ seconds: Double) { end += seconds }
    }

    @Test func beginsAfterEnoughWindowsInARow() {
        var feed = Feed(EventRules(minWindows: 3))
        #expect(feed.observe([0.9, 0.9, 0.5, 0.9, 0.9]).isEmpty)
        let transitions = feed.observe(0.95)
        #expect(transitions.map(\.kind) == [.new])
        #expect(transitions.first?.start == StreamTime(seconds: 2.5))
        #expect(transitions.first?.end == nil)
        #expect(transitions.first?.windowEnd == StreamTime(seconds: 4.5))
        #expect(transitions.first?.topScore == Double(Float(0.95)))
    }

    @Test func endsOnceBelowExitForHold() {
        var feed = Feed()
        _ = feed.observe([0.9, 0.9, 0.45])
        #expect(feed.observe([0.3, 0.3]).isEmpty)
        let transitions = feed.observe(0.3)
        #expect(transitions.map(\.kind) == [.end])
        #expect(transitions.first?.reason == .score)
        #expect(transitions.first?.end == StreamTime(seconds: 2))
    }

    @Test func goesOnWhenScoreReturnsWithinHold() {
        var feed = Feed()
        _ = feed.observe([0.9, 0.9])
        #expect(feed.observe([0.3, 0.3, 0.5, 0.3, 0.3]).isEmpty)
        #expect(feed.observe(0.3).map(\.kind) == [.end])
    }

    @Test func endsAtOnceWithoutHold() {
        var feed = Feed(EventRules(hold: .zero))
        #expect(feed.observe([0.9, 0.9, 0.3]).map(\.kind) == [.new, .end])
    }

    @Test func updatesOnNewPeaksOfAtLeastAHundredth() {
        var feed = Feed(EventRules(updateEvery: nil))
        _ = feed.observe([0.7, 0.7])
        #expect(feed.observe([0.705, 0.709]).isEmpty)
        let peak = feed.observe(0.72)
        #expect(peak.map(\.kind) == [.update])
        #expect(peak.first?.topScore == Double(Float(0.72)))
        #expect(feed.observe([0.715, 0.725]).isEmpty)
    }

    @Test func updatesEverySoOften() {
        var feed = Feed(EventRules(updateEvery: .seconds(2)))
        _ = feed.observe([0.7, 0.7])
        let kinds = (0..<9).map { _ in feed.observe(0.7).count }
        #expect(kinds == [0, 0, 0, 1, 0, 0, 0, 1, 0])
    }

    @Test func smoothingRidesOverASingleLowWindow() {
        let scores: [Float] = [0.8, 0.8, 0.35, 0.8, 0.35, 0.8]
        var rough = Feed(EventRules(hold: .zero, updateEvery: nil))
        var smooth = Feed(EventRules(hold: .zero, smoothing: .seconds(1), updateEvery: nil))
        #expect(rough.observe(scores).map(\.kind) == [.new, .end])
        #expect(smooth.observe(scores).map(\.kind) == [.new])
    }

    @Test func smoothingIsAnExponentialMeanOverStreamTime() throws {
        var feed = Feed(EventRules(minWindows: 1, smoothing: .seconds(1), updateEvery: nil))
        _ = feed.observe(0)
        feed.pass(0.5)
        let transition = try #require(feed.observe(1).first)
        // 1 - exp(-1), after one second.
        #expect(abs(transition.score - 0.632_120_558_8) < 1e-9)
    }

    @Test func ignoredLabelsRaiseNothing() {
        var feed = Feed(ignored: true)
        #expect(feed.observe([0.9, 0.9, 0.9, 0.1, 0.1, 0.1, 0.1]).isEmpty)
    }

    @Test(arguments: [Float.nan, .infinity, -.infinity]) func dropsAndCountsWindowsThatAreNotFinite(score: Float) {
        var feed = Feed()
        _ = feed.observe(0.9)
        #expect(feed.observe([score, score]).isEmpty)
        #expect(feed.tracker.invalidWindows == 2)
        #expect(feed.tracker.invalidWindowsInARow == 2)
        #expect(feed.observe(0.9).map(\.kind) == [.new])
        #expect(feed.tracker.invalidWindows == 2)
        #expect(feed.tracker.invalidWindowsInARow == 0)
    }

    @Test func endsOneActionBeforeTheNextBegins() {
        let rules = EventRules(minWindows: 1, hold: .zero)
        var tracker = ActionTracker(labels: [
            .init(name: "standing up", rules: rules), .init(name: "sitting", rules: rules),
        ])
        _ = tracker.observe(start: .zero, end: StreamTime(seconds: 2), scores: [0.1, 0.9])
        let transitions = tracker.observe(
            start: StreamTime(seconds: 1), end: StreamTime(seconds: 3), scores: [0.9, 0.1])
        #expect(transitions.map(\.kind) == [.end, .new])
        #expect(transitions.map(\.label) == ["sitting", "standing up"])
    }

    @Test func lostCameraEndsEventsAfterHold() {
        var feed = Feed()
        _ = feed.observe([0.9, 0.9])
        #expect(feed.tracker.tick(now: StreamTime(seconds: 100)).isEmpty)
        feed.tracker.cameraLost(since: StreamTime(seconds: 2.6))
        #expect(feed.tracker.tick(now: StreamTime(seconds: 3.5)).isEmpty)
        let transitions = feed.tracker.tick(now: StreamTime(seconds: 3.6))
        #expect(transitions.map(\.kind) == [.end])
        #expect(transitions.first?.reason == .cameraLost)
        #expect(transitions.first?.end == StreamTime(seconds: 1.5))
        #expect(feed.tracker.tick(now: StreamTime(seconds: 9)).isEmpty)
    }

    @Test func cameraBackWithinHoldKeepsTheEvent() {
        var feed = Feed()
        _ = feed.observe([0.9, 0.9])
        feed.tracker.cameraLost(since: StreamTime(seconds: 2.6))
        feed.tracker.cameraReturned()
        #expect(feed.tracker.tick(now: StreamTime(seconds: 4)).isEmpty)
        feed.pass(3)
        #expect(feed.observe([0.9, 0.1, 0.1, 0.1]).map(\.reason) == [.score])
    }

    @Test func flickeringCameraWithoutAWindowIsLostSinceTheFirstTime() {
        var feed = Feed()
        _ = feed.observe([0.9, 0.9])
        feed.tracker.cameraLost(since: StreamTime(seconds: 2.6))
        feed.tracker.cameraReturned()
        feed.tracker.cameraLost(since: StreamTime(seconds: 3.4))
        #expect(feed.tracker.tick(now: StreamTime(seconds: 3.7)).map(\.reason) == [.cameraLost])
    }

    @Test func windowsBeforeAndAfterAnOutageAreNotInARow() {
        var lost = Feed()
        _ = lost.observe(0.9)
        lost.tracker.cameraLost(since: StreamTime(seconds: 2))
        #expect(lost.observe(0.9).isEmpty)
        #expect(lost.observe(0.9).map(\.kind) == [.new])

        var silent = Feed()
        _ = silent.observe(0.9)
        silent.pass(60)
        #expect(silent.observe(0.9).isEmpty)
        #expect(silent.observe(0.9).map(\.kind) == [.new])
    }

    @Test func closesAllThatIsOpenWithTheReasonGiven() {
        var feed = Feed()
        #expect(feed.tracker.closeAll(reason: .shutdown).isEmpty)
        _ = feed.observe([0.9, 0.9, 0.8])
        let transitions = feed.tracker.closeAll(reason: .shutdown)
        #expect(transitions.map(\.kind) == [.end])
        #expect(transitions.first?.reason == .shutdown)
        #expect(transitions.first?.end == StreamTime(seconds: 2))
        #expect(feed.tracker.closeAll(reason: .shutdown).isEmpty)
    }

    @Test func everyEventHasOneBeginningAndOneEndNotBeforeIt() {
        var random = SplitMix(state: 7)
        var feed = Feed(EventRules(enter: 0.55, exit: 0.5, minWindows: 1, hold: .zero, smoothing: .milliseconds(300)))
        var isOpen = false
        var transitions = (0..<5000).flatMap { _ in feed.observe(Float.random(in: 0...1, using: &random)) }
        transitions += feed.tracker.closeAll(reason: .disabled)
        #expect(transitions.count > 500)
        for transition in transitions {
            #expect((transition.kind == .new) != isOpen)
            isOpen = transition.kind != .end
            #expect(transition.topScore >= transition.score)
            if let end = transition.end { #expect(end >= transition.start) }
        }
        #expect(!isOpen)
    }
}

/// A small seeded generator.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
