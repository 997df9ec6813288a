import Testing

@testable import Pipeline

@Suite struct BatchPatienceTests {
    private let start = ContinuousClock.now

    private func remaining(
        _ rhythms: [(period: Duration, hop: Int)], frames: Int, online: Int? = nil, after: Duration = .zero,
        batch: Int = 8
    ) -> Duration? {
        BatchPatience(rhythms: rhythms, batch: batch).remaining(
            frames: frames, online: online ?? rhythms.count, oldest: frames > 0 ? start : nil, now: start + after)
    }

    private let slow = (period: Duration.milliseconds(500), hop: 4)

    @Test func oneCameraWaitsForNobody() {
        #expect(remaining([slow], frames: 1) == nil)
    }

    @Test func filesWaitForNobody() {
        #expect(remaining([], frames: 1) == nil)
    }

    @Test func framesWaitUntilEachCameraHasOne() {
        #expect(remaining([slow, slow, slow], frames: 2) == .milliseconds(100))
        #expect(remaining([slow, slow, slow], frames: 3) == nil)
    }

    @Test func nobodyWaitsForACameraThatSendsNothing() {
        #expect(remaining([slow, slow, slow], frames: 2, online: 2) == nil)
        #expect(remaining([slow, slow, slow], frames: 1, online: 2) == .milliseconds(100))
    }

    @Test func aWholeBatchBegins() {
        let many = Array(repeating: slow, count: 20)
        #expect(remaining(many, frames: 7) != nil)
        #expect(remaining(many, frames: 8) == nil)
    }

    @Test func theOldestFrameEndsTheWait() {
        #expect(remaining([slow, slow], frames: 1, after: .milliseconds(60)) == .milliseconds(40))
        #expect(remaining([slow, slow], frames: 1, after: .milliseconds(100)) == nil)
    }

    @Test func theFastestCameraSetsTheLimit() {
        let fast = (period: Duration.milliseconds(80), hop: 1)
        #expect(remaining([slow, fast], frames: 1) == .milliseconds(10))
        #expect(remaining([slow, (period: .milliseconds(80), hop: 100)], frames: 1) == .milliseconds(40))
    }

    @Test func messagesWithoutFramesDoNotWait() {
        #expect(remaining([slow, slow], frames: 0) == nil)
    }
}
