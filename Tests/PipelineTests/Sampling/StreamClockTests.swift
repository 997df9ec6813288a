import Foundation
import Pipeline
import Testing

@Suite struct StreamClockTests {
    private let begin = ContinuousClock.now
    private let noon = Date(timeIntervalSince1970: 1_800_000_000)

    private func at(_ seconds: Double) -> ContinuousClock.Instant { begin + .nanoseconds(Int64(seconds * 1e9)) }

    @Test func fileTimeIsItsPresentationTime() {
        var clock = StreamClock(isLive: false)
        for presentation in [0.5, 1, 90] {
            let time = clock.time(of: StreamTime(seconds: presentation), arrival: at(0), wallClock: noon)
            #expect(time == StreamTime(seconds: presentation))
        }
        #expect(clock.streamZero == noon.addingTimeInterval(-0.5))
        #expect(clock.now(at: at(1000)) == StreamTime(seconds: 90))
    }

    @Test func liveStreamStartsAtZero() {
        var clock = StreamClock(isLive: true)
        #expect(clock.now(at: at(0)) == nil)
        #expect(clock.time(of: StreamTime(seconds: 7000), arrival: at(0), wallClock: noon) == .zero)
        #expect(
            clock.time(of: StreamTime(seconds: 7000.04), arrival: at(0.5), wallClock: noon) == StreamTime(seconds: 0.04)
        )
        #expect(clock.streamZero == noon)
    }

    @Test func timelineGoesOnOverAnOutageByMonotonicTime() {
        var clock = StreamClock(isLive: true)
        _ = clock.time(of: StreamTime(seconds: 3), arrival: at(0), wallClock: noon)
        _ = clock.time(of: StreamTime(seconds: 4), arrival: at(1), wallClock: noon)
        #expect(clock.now(at: at(61)) == StreamTime(seconds: 61))
        clock.beginEpoch()
        #expect(clock.epoch == 1)
        let steppedWallClock = noon.addingTimeInterval(-3600)
        #expect(clock.time(of: .zero, arrival: at(101), wallClock: steppedWallClock) == StreamTime(seconds: 101))
        #expect(clock.time(of: StreamTime(seconds: 1), arrival: at(102), wallClock: noon) == StreamTime(seconds: 102))
        #expect(clock.streamZero == noon)
    }

    @Test(arguments: [true, false]) func neverRunsBackwards(isLive: Bool) {
        var clock = StreamClock(isLive: isLive)
        var last = StreamTime(nanoseconds: .min)
        for (arrival, presentation) in [5.0, 5.1, 2.0, 2.1, 900.0, 0.0, 0.1].enumerated() {
            if arrival == 5 { clock.beginEpoch() }
            let time = clock.time(
                of: StreamTime(seconds: presentation), arrival: at(Double(arrival) / 10), wallClock: noon)
            #expect(time >= last)
            last = time
        }
    }

    /// Repeated leaps to the end of the representable times and back, as a hostile file may hold them.
    @Test(arguments: [true, false]) func survivesAbsurdTimes(isLive: Bool) {
        var clock = StreamClock(isLive: isLive)
        var last = StreamTime(nanoseconds: .min)
        for round in 0..<20 {
            for presentation in [0, Int64.max, 1, 1 << 62, -5, .min, .max] {
                let time = clock.time(
                    of: StreamTime(nanoseconds: presentation), arrival: at(Double(round)), wallClock: noon)
                #expect(time >= last && time.nanoseconds <= 1 << 61)
                last = time
            }
            clock.beginEpoch()
        }
        #expect(clock.now(at: at(1e6)) != nil)
    }

    @Test func ignoresALiveClockThatJumpsAhead() {
        var clock = StreamClock(isLive: true)
        _ = clock.time(of: .zero, arrival: at(0), wallClock: noon)
        #expect(
            clock.time(of: StreamTime(seconds: 3600), arrival: at(0.1), wallClock: noon) == StreamTime(seconds: 0.1))
        #expect(
            clock.time(of: StreamTime(seconds: 3601), arrival: at(1.1), wallClock: noon) == StreamTime(seconds: 1.1))
    }
}
