import Pipeline
import Testing

@Suite
struct SourceSupervisorTests {
    private let refused = PipelineError.unreachable(source: "camera", reason: "connection refused")

    private func live() -> SourceSupervisor {
        SourceSupervisor(isLive: true, name: "camera", limits: SupervisionLimits(), seed: 1)
    }

    private func file() -> SourceSupervisor {
        SourceSupervisor(isLive: false, name: "clip", limits: SupervisionLimits(), seed: 1)
    }

    @Test func comesOnlineWithTheFirstFrame() {
        var supervisor = live()
        #expect(supervisor.start(at: .zero) == [.report(.connecting, reason: nil), .open])
        #expect(supervisor.receive(.badFrame, at: .seconds(1)) == [])
        #expect(supervisor.receive(.frame, at: .seconds(2)) == [.report(.online, reason: nil)])
        #expect(supervisor.receive(.frame, at: .seconds(3)) == [])
    }

    @Test func stallsAfterFiveSecondsAndRebuildsAfterTen() {
        var supervisor = live()
        _ = supervisor.start(at: .zero)
        _ = supervisor.receive(.frame, at: .seconds(1))
        #expect(supervisor.deadline == .seconds(6))
        #expect(supervisor.advance(to: .milliseconds(5999)) == [])
        #expect(supervisor.advance(to: .seconds(6)) == [.report(.stalled, reason: "no picture for 5 s")])
        #expect(supervisor.deadline == .seconds(11))
        #expect(supervisor.advance(to: .seconds(11)) == [.close, .report(.offline, reason: "no picture for 10 s")])
        let retry = supervisor.deadline ?? .zero
        #expect(supervisor.advance(to: retry) == [.report(.connecting, reason: nil), .open])
        #expect(supervisor.receive(.frame, at: retry + .seconds(1)) == [.beginEpoch, .report(.online, reason: nil)])
    }

    @Test func recoversFromAStallWithoutANewEpoch() {
        var supervisor = live()
        _ = supervisor.start(at: .zero)
        _ = supervisor.receive(.frame, at: .seconds(1))
        _ = supervisor.advance(to: .seconds(7))
        #expect(supervisor.receive(.frame, at: .seconds(8)) == [.report(.online, reason: nil)])
        #expect(supervisor.deadline == .seconds(13))
    }

    @Test func givesUpAConnectionThatStaysSilent() {
        var supervisor = live()
        _ = supervisor.start(at: .zero)
        #expect(supervisor.advance(to: .seconds(8)) == [])
        #expect(
            supervisor.advance(to: .seconds(9))
                == [.close, .report(.offline, reason: "no picture within 9 s of opening")])
    }

    @Test func retriesForEverWithGrowingWaits() {
        var supervisor = live()
        _ = supervisor.start(at: .zero)
        var now = Duration.zero
        var waits: [Duration] = []
        for _ in 0..<20 {
            let actions = supervisor.receive(.failed(refused), at: now)
            #expect(actions == [.close, .report(.offline, reason: "connection refused")])
            guard let deadline = supervisor.deadline else {
                Issue.record("no further attempt")
                return
            }
            waits.append(deadline - now)
            now = deadline
            #expect(supervisor.advance(to: now) == [.report(.connecting, reason: nil), .open])
        }
        #expect(waits.allSatisfy { $0 >= .seconds(1) && $0 <= .seconds(60) })
        #expect(waits[0] < .seconds(2))
        #expect(waits[10...].allSatisfy { $0 >= .seconds(45) })
    }

    @Test func triesSoonAgainAfterAStableStream() {
        var supervisor = live()
        var now = Duration.zero
        _ = supervisor.start(at: now)
        for _ in 0..<10 {
            _ = supervisor.receive(.failed(refused), at: now)
            now = supervisor.deadline ?? now
            _ = supervisor.advance(to: now)
        }
        _ = supervisor.receive(.frame, at: now)
        _ = supervisor.receive(.frame, at: now + .seconds(59))
        _ = supervisor.receive(.failed(refused), at: now + .seconds(59))
        #expect((supervisor.deadline ?? .zero) - now > .seconds(59 + 40))

        now = supervisor.deadline ?? now
        _ = supervisor.advance(to: now)
        _ = supervisor.receive(.frame, at: now)
        _ = supervisor.receive(.frame, at: now + .seconds(60))
        _ = supervisor.receive(.failed(refused), at: now + .seconds(60))
        #expect((supervisor.deadline ?? .zero) - now < .seconds(62))
    }

    @Test func waitsAMinuteAfterARefusedPassword() {
        var supervisor = live()
        _ = supervisor.start(at: .zero)
        let actions = supervisor.receive(.failed(.unauthorised(source: "camera")), at: .seconds(1))
        #expect(actions == [.close, .report(.authFailed, reason: "the camera refuses the user or password")])
        #expect(supervisor.deadline == .seconds(61))
        #expect(supervisor.advance(to: .seconds(61)) == [.open])
        #expect(supervisor.receive(.failed(.unauthorised(source: "camera")), at: .seconds(62)) == [.close])
        _ = supervisor.advance(to: .seconds(122))
        #expect(supervisor.receive(.frame, at: .seconds(123)) == [.report(.online, reason: nil)])
    }

    @Test func takesTheEndOfALiveStreamForALoss() {
        var supervisor = live()
        _ = supervisor.start(at: .zero)
        _ = supervisor.receive(.frame, at: .seconds(1))
        #expect(supervisor.receive(.ended, at: .seconds(2)) == [.close, .report(.offline, reason: "the stream ended")])
    }

    @Test func endsAFileOnce() {
        var supervisor = file()
        _ = supervisor.start(at: .zero)
        _ = supervisor.receive(.frame, at: .seconds(1))
        #expect(
            supervisor.receive(.ended, at: .seconds(2)) == [.report(.disabled, reason: "ended"), .end(nil), .close])
        #expect(supervisor.receive(.failed(refused), at: .seconds(3)) == [])
        #expect(supervisor.deadline == nil)
    }

    @Test func endsAFileWithItsError() {
        var supervisor = file()
        let error = PipelineError.unreadable(source: "clip", reason: "not a video")
        _ = supervisor.start(at: .zero)
        #expect(
            supervisor.receive(.failed(error), at: .seconds(1))
                == [.report(.disabled, reason: "not a video"), .end(error), .close])
    }

    @Test func endsAFileWithoutPicturesWithAnError() {
        var supervisor = file()
        _ = supervisor.start(at: .zero)
        let error = PipelineError.unreadable(source: "clip", reason: "holds no picture")
        #expect(
            supervisor.receive(.ended, at: .seconds(1))
                == [.report(.disabled, reason: "holds no picture"), .end(error), .close])
    }

    @Test func endsAFileWhoseDecoderHangs() {
        var supervisor = file()
        _ = supervisor.start(at: .zero)
        _ = supervisor.receive(.frame, at: .seconds(1))
        #expect(supervisor.advance(to: .seconds(30)) == [])
        let actions = supervisor.advance(to: .seconds(31))
        #expect(actions.contains { if case .end(.unreadable?) = $0 { true } else { false } })
        #expect(supervisor.deadline == nil)
    }
}

@Suite
struct ReconnectBackoffTests {
    @Test(arguments: [1, 2, 3, 99] as [UInt64])
    func doublesWithinItsRange(seed: UInt64) {
        var backoff = ReconnectBackoff(range: .seconds(1)...(.seconds(60)), seed: seed)
        for step in 0..<100 {
            let middle = min(60, Double(1 << min(step, 20)))
            let wait = backoff.next().inSeconds
            #expect(
                wait >= max(1, middle * 0.75) - 1e-9 && wait <= min(60, middle * 1.25) + 1e-9,
                "seed \(seed), step \(step)")
        }
    }

    @Test func differsBetweenSeedsAndRepeatsForOne() {
        func waits(_ seed: UInt64) -> [Duration] {
            var backoff = ReconnectBackoff(range: .seconds(1)...(.seconds(60)), seed: seed)
            return (0..<8).map { _ in backoff.next() }
        }
        #expect(waits(7) == waits(7))
        #expect(waits(7) != waits(8))
    }

    @Test func startsAgainAfterReset() {
        var backoff = ReconnectBackoff(range: .seconds(1)...(.seconds(60)), seed: 5)
        for _ in 0..<10 { _ = backoff.next() }
        backoff.reset()
        #expect(backoff.next() <= .seconds(1.25))
    }
}
