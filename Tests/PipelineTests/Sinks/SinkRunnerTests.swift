import Pipeline
import Synchronization
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct SinkRunnerTests {
    private let log = ReportLog()
    private let quick = SinkPolicy(
        capacity: 100, deadline: .seconds(20), firstBackoff: .milliseconds(1), longestBackoff: .milliseconds(2))
    private let events = (0..<40).map { SampleMessages.event(.update, id: "a", seq: $0) }

    private func runner(_ sink: ScriptedSink, _ policy: SinkPolicy? = nil) -> SinkRunner {
        SinkRunner(name: "test", sink: sink, policy: policy ?? quick) { [log] in log.add($0) }
    }

    @Test func deliversInOrderAndSaysGoodbye() async throws {
        let sink = ScriptedSink()
        let runner = runner(sink)
        runner.post(events[0])
        try await runner.start()
        for message in events.dropFirst() { runner.post(message) }
        await runner.stop(within: .seconds(20))
        #expect(sink.taken == events)
        #expect(runner.counters.delivered == 40)
        #expect(runner.counters.queueDepth == 0)
        #expect(log.reports.isEmpty)
        var calls: [ScriptedSink.Call] = []
        for await call in sink.calls {
            calls.append(call)
            if call == .stop { break }
        }
        #expect(calls.first == .start)
        #expect(calls.count == 42)
    }

    @Test func throwsWhatTheSinksStartThrows() async {
        let runner = runner(ScriptedSink { if $0 == .start { throw BrokenPipe() } })
        await #expect(throws: BrokenPipe.self) { try await runner.start() }
        await runner.stop(within: .seconds(20))
    }

    @Test func retriesAnEventUntilTheSinkTakesIt() async throws {
        let failures = Atomic(2)
        let sink = ScriptedSink { call in
            guard case .deliver = call else { return }
            if failures.subtract(1, ordering: .relaxed).oldValue > 0 { throw BrokenPipe() }
        }
        let runner = runner(sink)
        try await runner.start()
        runner.post(events[0])
        runner.post(events[1])
        await runner.stop(within: .seconds(20))
        #expect(sink.taken == Array(events[0...1]))
        #expect(runner.counters.failed == 2)
        #expect(runner.counters.retried == 2)
        #expect(runner.counters.lost == 0)
        #expect(log.reports.last?.text == "delivers again")
    }

    @Test func triesAnEventUntilTheStopAndGivesBackWhatIsLeft() async throws {
        let sink = ScriptedSink { call in
            if case .deliver(.event(let event)) = call, event.seq == 1 { throw BrokenPipe() }
        }
        let runner = runner(sink)
        try await runner.start()
        for message in events { runner.post(message) }
        runner.post(SampleMessages.scores())
        await sink.deliveries(21)
        let left = await runner.stop(within: .milliseconds(100))
        #expect(sink.taken == [events[0]])
        #expect(left.map { SinkMessage.event($0) } == Array(events.dropFirst()))
        #expect(runner.counters.lost == 40, "39 events and the scores")
    }

    @Test func marksWhatHasWaitedLongerThanTheDeadlineAsLate() async throws {
        let door = Door()
        let isShut = Atomic(true)
        let sink = ScriptedSink { call in
            if case .deliver = call, isShut.exchange(false, ordering: .relaxed) { door.pass() }
        }
        var policy = quick
        policy.deadline = .milliseconds(20)
        // The first passes when its deadline is reported to be over; both have waited since before it was begun.
        let runner = SinkRunner(name: "test", sink: sink, policy: policy) { _ in door.open() }
        runner.post(events[0])
        runner.post(events[1])
        try await runner.start()
        await runner.stop(within: .seconds(20))
        let late = sink.taken.map { if case .event(let event) = $0 { event.late } else { false } }
        #expect(late.count == 2 && late.last == true)
    }

    @Test func saysThatItDeliversAgainOnlyAfterAnEvent() async throws {
        let isBroken = Atomic(true)
        let sink = ScriptedSink { call in
            if case .deliver(.event) = call, isBroken.load(ordering: .relaxed) { throw BrokenPipe() }
        }
        let runner = runner(sink)
        try await runner.start()
        runner.post(SampleMessages.scores())
        runner.post(events[0])
        await sink.deliveries(4)
        #expect(log.reports.map(\.level) == [.warning])
        isBroken.store(false, ordering: .relaxed)
        await runner.stop(within: .seconds(20))
        #expect(log.reports.map(\.text).last == "delivers again")
        #expect(log.reports.count == 2)
    }

    @Test func triesScoresAndStatesOnce() async throws {
        let sink = ScriptedSink { if case .deliver = $0 { throw BrokenPipe() } }
        let runner = runner(sink)
        try await runner.start()
        runner.post(SampleMessages.scores())
        runner.post(SampleMessages.state(.online))
        await runner.stop(within: .seconds(20))
        #expect(runner.counters.failed == 2)
        #expect(runner.counters.retried == 0)
    }

    @Test func cancelsADeliveryPastItsDeadlineAndGoesOnInOrder() async throws {
        let slow = Atomic(3)
        let sink = ScriptedSink { call in
            guard case .deliver = call, slow.subtract(1, ordering: .relaxed).oldValue > 0 else { return }
            try await Task.sleep(for: .seconds(3600))
        }
        var policy = quick
        policy.deadline = .milliseconds(20)
        let runner = runner(sink, policy)
        try await runner.start()
        for message in events { runner.post(message) }
        await runner.stop(within: .seconds(20))
        let order = sink.taken.map { if case .event(let event) = $0 { event.seq } else { UInt64.max } }
        #expect(order == Array(0..<40))
        // On a busy machine the others may be late too, which cancels what is done already.
        #expect(runner.counters.timedOut >= 3)
        #expect(runner.counters.failed == 3)
        #expect(log.reports.first?.text == "has not taken a message within 0.02 seconds")
    }

    @Test func notesALateDeliveryBeforeItCancelsIt() async throws {
        let late = Mutex<[Int]>([])
        let current = Mutex<SinkRunner?>(nil)
        let slow = Atomic(3)
        let sink = ScriptedSink { call in
            guard case .deliver = call, slow.subtract(1, ordering: .relaxed).oldValue > 0 else { return }
            try await withTaskCancellationHandler {
                try await Task.sleep(for: .seconds(3600))
            } onCancel: {
                let runner = current.withLock { $0 }
                late.withLock { $0.append(runner?.counters.timedOut ?? 0) }
            }
        }
        var policy = quick
        policy.deadline = .milliseconds(20)
        let runner = runner(sink, policy)
        current.withLock { $0 = runner }
        try await runner.start()
        runner.post(events[0])
        await runner.stop(within: .seconds(20))
        current.withLock { $0 = nil }
        #expect(late.withLock { $0 } == [1, 2, 3])
    }

    @Test func reportsTroubleThatLastsOnceInOneLine() async throws {
        struct Garbled: Error, CustomStringConvertible { let description = "first\nsecond" }
        let sink = ScriptedSink { if case .deliver = $0 { throw Garbled() } }
        let runner = runner(sink)
        try await runner.start()
        for message in events { runner.post(message) }
        await sink.deliveries(120)
        await runner.stop(within: .milliseconds(100))
        #expect(log.reports.map(\.text) == [#"failed: first\u{a}second"#])
    }

    @Test func blockedSinksHarmNeitherOthersNorTheStop() async throws {
        // More of them than the cooperative pool has threads on most machines.
        let door = Door()
        defer { door.open() }
        let blocked = (0..<24).map { _ in ScriptedSink { if case .deliver = $0 { door.pass() } } }
        let blockedRunners = blocked.map { runner($0) }
        let healthy = ScriptedSink()
        let healthyRunner = runner(healthy)
        for runner in blockedRunners + [healthyRunner] { try await runner.start() }
        for runner in blockedRunners { runner.post(events[0]) }
        for sink in blocked { await sink.deliveries(1) }

        for message in events {
            for runner in blockedRunners + [healthyRunner] { runner.post(message) }
        }
        await healthy.deliveries(events.count)
        await healthyRunner.stop(within: .seconds(20))
        #expect(healthy.taken == events)

        await withTaskGroup { group in
            for runner in blockedRunners { group.addTask { await runner.stop(within: .milliseconds(40)) } }
        }
        #expect(blockedRunners.allSatisfy { $0.counters.delivered == 0 && $0.counters.lost == 41 })
    }

    @Test func sinkThatBlocksItsStartIsWaitedForNoLongerThanTheDeadline() async throws {
        let door = Door()
        let sink = ScriptedSink { if $0 == .start { door.pass() } }
        var policy = quick
        policy.deadline = .milliseconds(20)
        let runner = runner(sink, policy)
        try await runner.start()
        #expect(log.reports.count == 1)
        runner.post(events[0])
        #expect(runner.counters.queueDepth == 1)
        door.open()
        await sink.deliveries(1)
        await runner.stop(within: .seconds(20))
        #expect(sink.taken == [events[0]])
    }

    @Test func slowSinkLosesScoresBeforeEvents() async throws {
        let door = Door()
        let sink = ScriptedSink { if case .deliver = $0 { door.pass() } }
        var policy = quick
        policy.capacity = 10
        let runner = runner(sink, policy)
        try await runner.start()
        runner.post(SampleMessages.event(.new, id: "a"))
        await sink.deliveries(1)
        for second in 0..<500 { runner.post(SampleMessages.scores(at: Double(second))) }
        runner.post(SampleMessages.event(.end, id: "a"))
        #expect(runner.counters.queueDepth == 10)
        #expect(runner.counters.dropped == 491)
        door.open()
        await runner.stop(within: .seconds(20))
        #expect(sink.taken.first == SampleMessages.event(.new, id: "a"))
        #expect(sink.taken.last == SampleMessages.event(.end, id: "a"))
        #expect(sink.taken.count == 11)
    }

    @Test func messagesAfterTheStopAreDropped() async throws {
        let sink = ScriptedSink()
        let runner = runner(sink)
        try await runner.start()
        await runner.stop(within: .seconds(20))
        runner.post(events[0])
        #expect(sink.taken.isEmpty)
        #expect(runner.counters.dropped == 1)
        await runner.stop(within: .seconds(20))
    }
}
