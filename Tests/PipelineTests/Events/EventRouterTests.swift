import Foundation
import Pipeline
import Synchronization
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct EventRouterTests {
    private let log = ReportLog()
    private let zero = Date(timeIntervalSince1970: 1_800_000_000)
    private let labels = [
        ActionTracker.Label(name: "waving", rules: EventRules(updateEvery: nil)),
        ActionTracker.Label(name: "nothing", rules: EventRules(), ignored: true),
    ]

    private func router(_ sinks: [ScriptedSink], gate: any EventGate = OpenGate(), scores: Int = 0) -> EventRouter {
        EventRouter(
            identity: .init(instance: "test", model: "demo@0123456789ab"), cameras: ["dock": labels, "lobby": labels],
            sinks: sinks.enumerated().map { index, sink in
                SinkRunner(name: "sink\(index)", sink: sink) { [log] in log.add($0) }
            },
            sequence: SequenceStore(directory: nil) { _ in }, gate: gate, scoresPerWindow: scores
        ) { [log] in log.add($0) }
    }

    private func window(_ end: Double, _ score: Float) -> CameraReport {
        .window(
            WindowObservation(
                start: StreamTime(seconds: end - 2), end: StreamTime(seconds: end), scores: [score, 1 - score],
                arrival: .now, streamZero: zero))
    }

    private func events(_ sink: ScriptedSink) -> [ActionEvent] {
        sink.taken.compactMap { if case .event(let event) = $0 { event } else { nil } }
    }

    @Test func makesDatedNumberedEventsForEverySink() async throws {
        let sinks = [ScriptedSink(), ScriptedSink()]
        let router = router(sinks)
        try await router.start()
        for (end, score) in [(2.0, 0.9), (3, 0.9), (4, 0.95), (5, 0.1), (6, 0.1)] {
            router.post(window(end, Float(score)), from: "lobby")
        }
        await router.shutdown(within: .seconds(20))
        let events = events(sinks[0])
        #expect(events.map(\.type) == [.new, .update, .end])
        #expect(Set(events.map(\.id)).count == 1)
        #expect(zip(events, events.dropFirst()).allSatisfy { $0.seq + 1 == $1.seq })
        #expect(events.allSatisfy { $0.camera == "lobby" && $0.instance == "test" && $0.model == "demo@0123456789ab" })
        #expect(events.allSatisfy { $0.startTime == zero.addingTimeInterval(1) && $0.streamStart == 1 })
        #expect(events.map(\.endTime) == [nil, nil, zero.addingTimeInterval(3)])
        #expect(events.last?.streamEnd == 3)
        #expect(events.last?.endReason == .score)
        #expect(events.first?.window == .init(start: 1, end: 3))
        #expect(events.allSatisfy { $0.latencyMs >= 0 && $0.latencyMs < 60_000 })
        #expect(sinks[1].taken == sinks[0].taken)
        #expect(log.reports.isEmpty)
    }

    @Test func everyEventPassesTheGateBeforeAnySink() async throws {
        final class CountingGate: EventGate {
            let admitted = Mutex<[UInt64]>([])
            func admit(_ event: ActionEvent) async { admitted.withLock { $0.append(event.seq) } }
        }
        let gate = CountingGate()
        let early = Atomic(0)
        let sink = ScriptedSink { call in
            guard case .deliver(.event(let event)) = call else { return }
            if !gate.admitted.withLock({ $0.contains(event.seq) }) { early.add(1, ordering: .relaxed) }
        }
        let router = router([sink], gate: gate)
        try await router.start()
        for end in 2..<30 { router.post(window(Double(end), end % 6 < 3 ? 0.9 : 0.1), from: "dock") }
        await router.shutdown(within: .seconds(20))
        #expect(events(sink).map(\.seq) == gate.admitted.withLock { $0 })
        #expect(events(sink).count > 6)
        #expect(early.load(ordering: .relaxed) == 0)
    }

    @Test func shutdownEndsWhatIsOpenOnEveryCamera() async throws {
        let sink = ScriptedSink()
        let router = router([sink])
        try await router.start()
        for camera in ["lobby", "dock"] {
            for end in [2.0, 3] { router.post(window(end, 0.9), from: camera) }
        }
        await router.shutdown(within: .seconds(20))
        let ends = events(sink).filter { $0.type == .end }
        #expect(ends.map(\.camera) == ["dock", "lobby"])
        #expect(ends.allSatisfy { $0.endReason == .shutdown })
        #expect(Set(events(sink).map(\.id)).count == 2)
    }

    @Test func disabledCameraEndsItsEventsBeforeItsStateIsTold() async throws {
        let sink = ScriptedSink()
        let router = router([sink])
        try await router.start()
        for end in [2.0, 3] { router.post(window(end, 0.9), from: "lobby") }
        router.post(.state(.disabled, reason: "end of file", lastFrame: StreamTime(seconds: 3)), from: "lobby")
        await router.shutdown(within: .seconds(20))
        #expect(events(sink).map(\.endReason) == [nil, .disabled])
        #expect(sink.taken.last == .camera(name: "lobby", state: .disabled, reason: "end of file"))
    }

    @Test func lostCameraEndsItsEventsAfterHoldAndAlone() async throws {
        let sink = ScriptedSink()
        let router = router([sink])
        try await router.start()
        for camera in ["lobby", "dock"] {
            for end in [2.0, 3] { router.post(window(end, 0.9), from: camera) }
        }
        router.post(.state(.offline, reason: nil, lastFrame: StreamTime(seconds: 3)), from: "lobby")
        for now in [3.5, 4.0, 4.5] {
            for camera in ["lobby", "dock"] { router.post(.tick(now: StreamTime(seconds: now)), from: camera) }
        }
        router.post(.closed(.reload), from: "dock")
        await router.shutdown(within: .seconds(20))
        let ends = events(sink).filter { $0.type == .end }
        #expect(ends.map(\.camera) == ["lobby", "dock"])
        #expect(ends.map(\.endReason) == [.cameraLost, .reload])
    }

    @Test func cameraBackWithinHoldKeepsItsEvent() async throws {
        let sink = ScriptedSink()
        let router = router([sink])
        try await router.start()
        for end in [2.0, 3] { router.post(window(end, 0.9), from: "lobby") }
        router.post(.state(.connecting, reason: nil, lastFrame: StreamTime(seconds: 3)), from: "lobby")
        router.post(.tick(now: StreamTime(seconds: 3.5)), from: "lobby")
        router.post(.state(.online, reason: nil, lastFrame: StreamTime(seconds: 3.6)), from: "lobby")
        router.post(.tick(now: StreamTime(seconds: 5)), from: "lobby")
        await router.shutdown(within: .seconds(20))
        #expect(events(sink).map(\.endReason) == [nil, .shutdown])
    }

    @Test func tellsTheHighestScoresOfEachWindow() async throws {
        let sink = ScriptedSink()
        let router = router([sink], scores: 1)
        try await router.start()
        router.post(window(2, 0.25), from: "lobby")
        await router.shutdown(within: .seconds(20))
        #expect(
            sink.taken == [
                .scores(
                    WindowScores(
                        camera: "lobby", window: .init(start: 0, end: 2), top: [.init(label: "nothing", score: 0.75)]))
            ])
    }

    @Test func reportsWindowsThatAreNotFiniteOnceASecond() async throws {
        let sink = ScriptedSink()
        let router = router([sink], scores: 2)
        try await router.start()
        for end in [2.0, 3, 4] { router.post(window(end, .nan), from: "lobby") }
        router.post(window(5, 0.9), from: "cellar")
        await router.shutdown(within: .seconds(20))
        #expect(sink.taken.isEmpty)
        #expect(log.reports.first?.text.contains("camera lobby") == true)
        #expect(log.reports.count <= 3)
    }

    @Test func sinkThatBlocksHoldsUpNeitherOthersNorTheShutdown() async throws {
        let door = Door()
        defer { door.open() }
        let sinks = [ScriptedSink { if case .deliver = $0 { door.pass() } }, ScriptedSink()]
        let router = router(sinks)
        try await router.start()
        for end in [2.0, 3, 4] { router.post(window(end, 0.9), from: "lobby") }
        await sinks[0].deliveries(1)
        await router.shutdown(within: .seconds(2))
        #expect(sinks[0].taken.isEmpty)
        #expect(events(sinks[1]).map(\.type) == [.new, .end])
    }

    @Test func failedStartIsThrownAndCanBeShutDown() async {
        let router = router([ScriptedSink { if $0 == .start { throw BrokenPipe() } }, ScriptedSink()])
        await #expect(throws: BrokenPipe.self) { try await router.start() }
        await router.shutdown(within: .seconds(20))
    }
}
