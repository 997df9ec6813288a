import Pipeline
import Testing

@Suite struct KeyFrameFilterTests {
    /// Offers groups of ten pictures and returns how many of each are decoded.
    private func decoded(_ filter: inout KeyFrameFilter, groupSeconds: [Double], from start: Double = 0) -> [Int] {
        var begin = start
        return groupSeconds.map { seconds in
            defer { begin += seconds }
            return (0..<10).count { picture in
                let time = Int64((begin + Double(picture) * seconds / 10) * 1e9)
                return filter.offer(isKey: picture == 0, time: time) == .decode
            }
        }
    }

    @Test func leavesTheRestOutOnceThreeGroupsWereShortEnough() {
        var filter = KeyFrameFilter(.auto, period: .seconds(2))
        #expect(decoded(&filter, groupSeconds: [1, 1, 1, 1, 1]) == [10, 10, 10, 1, 1])
    }

    @Test func decodesAllWhereKeyFramesComeLessThanTwiceInAPeriod() {
        var filter = KeyFrameFilter(.auto, period: .seconds(2))
        #expect(decoded(&filter, groupSeconds: Array(repeating: 1.1, count: 8)) == Array(repeating: 10, count: 8))
    }

    @Test func oneLongGroupStartsTheCountAnew() {
        var filter = KeyFrameFilter(.auto, period: .seconds(2))
        #expect(
            decoded(&filter, groupSeconds: [1, 1, 5, 1, 1, 1, 1]) == [10, 10, 10, 10, 10, 10, 1])
    }

    @Test func encoderWhoseGroupsGrowIsDecodedWholeFromThenOn() {
        var filter = KeyFrameFilter(.auto, period: .seconds(2))
        #expect(
            decoded(&filter, groupSeconds: [1, 1, 1, 1, 1.4, 1, 1.6, 1, 1, 1, 1]) == [
                10, 10, 10, 1, 1, 1, 1, 10, 10, 10, 10,
            ])
    }

    @Test func breaksInTheStreamAreNoGroups() {
        var filter = KeyFrameFilter(.auto, period: .seconds(2))
        #expect(decoded(&filter, groupSeconds: [1, 1]) == [10, 10])
        filter.restart()
        #expect(decoded(&filter, groupSeconds: [1, 1, 1, 1], from: 100) == [10, 10, 10, 1])
    }

    @Test func keyFramesWithoutTimesDecideNothing() {
        var filter = KeyFrameFilter(.auto, period: .seconds(2))
        for _ in 0..<10 { #expect(filter.offer(isKey: true, time: nil) == .decode) }
        #expect(filter.offer(isKey: false, time: nil) == .decode)
    }

    @Test func otherModesDoNotMeasure() {
        var (all, keys) = (KeyFrameFilter(.all, period: .seconds(9)), KeyFrameFilter(.keyframes, period: .seconds(1)))
        #expect(decoded(&all, groupSeconds: [1, 1, 1, 1, 1]) == [10, 10, 10, 10, 10])
        #expect(decoded(&keys, groupSeconds: [1, 9, 1]) == [1, 1, 1])
    }
}
