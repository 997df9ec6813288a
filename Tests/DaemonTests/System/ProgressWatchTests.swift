import Testing

@testable import Daemon

@Suite struct ProgressWatchTests {
    /// The answers to a series of questions.
    private func answers(_ questions: [[String: ProgressWatch.Report]]) -> [Bool] {
        var watch = ProgressWatch()
        return questions.map { watch.mayPing(stages: $0) }
    }

    @Test func pingsWhileEveryStageMovesOn() {
        #expect(
            answers([["a": .busy(done: 1), "b": .busy(done: 9)], ["a": .busy(done: 2), "b": .busy(done: 10)]])
                == [true, true])
    }

    @Test func holdsBackWhenOneStageStandsStill() {
        var watch = ProgressWatch()
        _ = watch.mayPing(stages: ["a": .busy(done: 1), "b": .busy(done: 9)])
        let later: [String: ProgressWatch.Report] = ["a": .busy(done: 2), "b": .busy(done: 9)]
        let pings = watch.mayPing(stages: later)
        #expect(!pings)
        #expect(watch.stalled(stages: later) == ["b"])
    }

    @Test func countsProgressFromTheLastPing() {
        #expect(
            answers([
                ["a": .busy(done: 1), "b": .busy(done: 1)], ["a": .busy(done: 2), "b": .busy(done: 1)],
                ["a": .busy(done: 2), "b": .busy(done: 2)],
            ]) == [true, false, true])
    }

    @Test func takesIdleForWell() {
        #expect(answers(Array(repeating: ["a": .idle, "b": .idle], count: 3)) == [true, true, true])
    }

    @Test func noticesAStageThatStallsAfterIdling() {
        #expect(
            answers([["a": .busy(done: 5)], ["a": .idle], ["a": .busy(done: 5)], ["a": .busy(done: 6)]])
                == [true, true, false, true])
    }
}
