import Pipeline
import Testing

@Suite struct FrameSelectorTests {
    /// Indices of the frames taken, and the restarts, in order.
    private func select(
        _ seconds: [Double], period: Duration = .milliseconds(300), caps: [Int]? = nil, epochs: [Int]? = nil
    ) -> (taken: [Int], restarts: [FrameSelector.Restart], gaps: Int) {
        var selector = FrameSelector(period: period)
        var taken: [Int] = []
        var restarts: [FrameSelector.Restart] = []
        for index in seconds.indices {
            let decision = selector.offer(
                StreamTime(seconds: seconds[index]), capsGeneration: caps?[index] ?? 0, epoch: epochs?[index] ?? 0)
            taken += Array(repeating: index - 1, count: decision.taken)
            if let restart = decision.restart { restarts.append(restart) }
        }
        taken += Array(repeating: seconds.count - 1, count: selector.finish().taken)
        return (taken, restarts, selector.gapsInARow)
    }

    /// At 15 frames a second every other instant lies between two frames. Python's `round(k * 0.3 * 15)` gives these.
    @Test func numbersFramesThatAreEquallyNearAsByRounding() {
        let result = select((0..<60).map { (Double($0) / 15 * 1e9).rounded() / 1e9 })
        #expect(result.taken == [0, 4, 9, 13, 18, 22, 27, 32, 36, 40, 45, 50, 54, 58])
        #expect(result.restarts.isEmpty)
        let late = select((0..<450).map { (Double($0) / 15 * 1e9).rounded() / 1e9 }).taken
        #expect(late.prefix(92).suffix(4) == [396, 400, 405, 410])
    }

    @Test func takesTheEarlierOfTwoThatAreEquallyNearAtNoSteadyRate() {
        #expect(select([0, 0.1, 0.25, 0.35, 0.5, 0.7]).taken == [0, 2, 4])
    }

    @Test(arguments: [7.0, 12.5, 23.976, 25, 29.97, 30, 50, 60]) func takesNearestFrameAtAnyRate(rate: Double) {
        let times = (0..<400).map { Double($0) / rate }
        let taken = select(times).taken
        #expect(taken.count > 10)
        for (instant, index) in taken.enumerated() {
            let distance = times.map { abs($0 - Double(instant) * 0.3) }
            let isNearest = distance.allSatisfy { distance[index] <= $0 + 1e-6 }
            #expect(isNearest, "instant \(instant) at \(rate) frames a second")
        }
    }

    @Test func takesNearestOfIrregularFrames() {
        let times = [0.0, 0.1, 0.29, 0.33, 0.7, 0.85, 1.0, 1.19, 1.25, 1.5]
        #expect(select(times).taken == [0, 2, 4, 5, 7, 9])
    }

    @Test func takesSlowFrameForTwoInstants() {
        let times = (0..<7).map { Double($0) * 0.4 }
        // 0.6 s and 1.8 s lie between two frames, at 1.5 and 4.5: the even number is taken.
        #expect(select(times).taken == [0, 1, 2, 2, 3, 4, 4, 5, 6])
    }

    @Test func takesNoFrameForInstantsAfterTheEnd() {
        // 2.1 s at 15 frames a second: the next instant lies one frame behind the last one.
        let times = (0..<31).map { Double($0) / 15 }
        #expect(select(times).taken == [0, 4, 9, 13, 18, 22, 27])
        #expect(select([0]).taken == [0])
        #expect(select([]).taken == [])
    }

    @Test func restartsAfterGapLongerThanOneAndAHalfPeriods() {
        let kept = select([0, 0.3, 0.75, 0.9])
        #expect(kept.restarts.isEmpty)
        let broken = select([0, 0.3, 0.7501, 1.05])
        #expect(broken.restarts == [.gap])
        #expect(select([0, 0.3, 0.7501]).gaps == 1)
        #expect(broken.gaps == 0)
        #expect(broken.taken == [0, 1, 2, 3])
    }

    @Test func countsEveryFrameOfATooSlowCameraAsGap() {
        #expect(select((0..<11).map { Double($0) * 0.5 }).gaps == 10)
    }

    @Test func restartsOnStepBackChangedPictureAndNewEpoch() {
        #expect(select([5, 5.1, 1, 1.1]).restarts == [.backwards])
        #expect(select([0, 0.1, 0.2], caps: [0, 0, 1]).restarts == [.caps])
        #expect(select([0, 0.1, 0.2], epochs: [0, 1, 1]).restarts == [.epoch])
        #expect(select([5, 5.1, 1], epochs: [0, 0, 1]).gaps == 0)
    }

    @Test func restartMakesTheNewFrameTheOrigin() {
        let result = select([0, 0.1, 10.05, 10.15, 10.25, 10.35, 10.45])
        #expect(result.taken == [0, 2, 5])
    }

    @Test func survivesAbsurdTimes() {
        var selector = FrameSelector(period: .milliseconds(300))
        for nanoseconds in [0, Int64.max, .min, .max, -1] {
            _ = selector.offer(StreamTime(nanoseconds: nanoseconds), capsGeneration: 0, epoch: 0)
        }
        #expect(selector.finish().taken <= 2)
    }
}
