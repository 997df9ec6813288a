import Pipeline
import TestSupport
import Testing

@Suite struct MessageQueueTests {
    private typealias Sample = SampleMessages

    /// What is left of the messages, and how many were given up.
    private func push(_ messages: [SinkMessage], capacity: Int) -> (left: [SinkMessage], dropped: Int) {
        var queue = MessageQueue(capacity: capacity)
        let dropped = messages.reduce(0) { $0 + queue.push($1) }
        var left: [SinkMessage] = []
        while let (message, _) = queue.pop() { left.append(message) }
        return (left, dropped)
    }

    @Test func keepsOrder() {
        let messages = (0..<5).map { Sample.event(.update, id: "a", seq: $0) }
        let result = push(messages, capacity: 5)
        #expect(result.left == messages)
        #expect(result.dropped == 0)
    }

    @Test func givesUpScoresThenOldStatesThenUpdates() {
        let messages = [
            Sample.event(.update, id: "a", seq: 1), Sample.state(.connecting), Sample.scores(at: 1),
            Sample.event(.update, id: "a", seq: 2), Sample.state(.online), Sample.scores(at: 2),
            Sample.state(.stalled, camera: "dock"), Sample.event(.end, id: "a", seq: 3),
        ]
        let order = [2, 5, 1, 0, 3]
        for capacity in 3...7 {
            let gone = Set(order.prefix(8 - capacity))
            let result = push(messages, capacity: capacity)
            #expect(result.left == messages.indices.filter { !gone.contains($0) }.map { messages[$0] })
            #expect(result.dropped == gone.count)
        }
    }

    @Test func givesUpAWholeActionThatNobodyHasHeardOf() {
        let result = push(
            [
                Sample.event(.new, id: "a", seq: 1), Sample.event(.end, id: "a", seq: 2),
                Sample.event(.new, id: "b", seq: 3),
            ], capacity: 2)
        #expect(result.left == [Sample.event(.new, id: "b", seq: 3)])
        #expect(result.dropped == 2)
    }

    @Test func swallowsTheRestOfAnActionGivenUp() {
        let result = push(
            [
                Sample.event(.new, id: "a", seq: 1), Sample.event(.new, id: "b", seq: 2),
                Sample.event(.update, id: "a", seq: 3), Sample.event(.end, id: "a", seq: 4),
                Sample.event(.end, id: "b", seq: 5),
            ], capacity: 1)
        // a gives way to b; then b, as a whole, to its own end.
        #expect(result.left.isEmpty)
        #expect(result.dropped == 5)
    }

    @Test func neverGivesUpTheEndOfAnActionThatTheSinkKnows() {
        let ends = (0..<20).map { Sample.event(.end, id: "\($0)", seq: $0) }
        let result = push(ends + [Sample.scores()], capacity: 4)
        #expect(result.left == ends)
        #expect(result.dropped == 1)
    }

    @Test func staysBoundedUnderAFlood() {
        var queue = MessageQueue(capacity: 50)
        for round in 0..<2000 {
            let id = "\(round / 3)"
            let kind: ActionEvent.Kind = round % 3 == 0 ? .new : round % 3 == 1 ? .update : .end
            _ = queue.push(Sample.scores())
            _ = queue.push(Sample.state(round % 2 == 0 ? .online : .stalled))
            _ = queue.push(Sample.event(kind, id: id, seq: UInt64(round)))
            #expect(queue.count <= 52)
        }
    }
}
