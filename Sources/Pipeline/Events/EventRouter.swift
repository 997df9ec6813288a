import Foundation

/// Turns what the cameras report into messages and hands them to every sink.
///
/// Reports are taken in the order in which they were posted, by one task on a thread of its own. Nobody who posts waits.
package actor EventRouter {
    /// What does not change while the router lives.
    package struct Identity: Sendable {
        /// The daemon's name.
        package let instance: String
        /// Name and digest of the model, `name@0123456789ab`.
        package let model: String

        package init(instance: String, model: String) {
            self.instance = instance
            self.model = model
        }
    }

    private struct Camera {
        var tracker: ActionTracker
        /// Identifiers of open events, by label.
        var open: [String: ULID] = [:]
        var arrival = ContinuousClock.now
        var streamZero = Date()
    }

    private struct Post: Sendable {
        let camera: String
        let report: CameraReport
    }

    private let identity: Identity
    private let scoresPerWindow: Int
    private let gate: any EventGate
    private let sinks: [SinkRunner]
    private let report: @Sendable (SinkReport) -> Void
    private var cameras: [String: Camera]
    private var sequence: SequenceStore
    private var identifiers = ULID.Generator()
    private var invalidWindowLimiter = RateLimiter()

    private let posts: AsyncStream<Post>
    private nonisolated let inlet: AsyncStream<Post>.Continuation
    private let executor = ThreadExecutor(name: "events")
    private var loop: Task<Void, Never>?

    /// - Parameters:
    ///   - cameras: the labels of each camera by its name, in the order of its scores.
    ///   - scoresPerWindow: how many of a window's highest scores the sinks are told; 0 for none.
    ///   - report: told of windows whose scores are not finite, at most once a second.
    package init(
        identity: Identity, cameras: [String: [ActionTracker.Label]], sinks: [SinkRunner], sequence: SequenceStore,
        gate: any EventGate = OpenGate(), scoresPerWindow: Int = 5,
        report: @escaping @Sendable (SinkReport) -> Void
    ) {
        self.identity = identity
        self.scoresPerWindow = scoresPerWindow
        self.gate = gate
        self.sinks = sinks
        self.report = report
        self.cameras = cameras.mapValues { Camera(tracker: ActionTracker(labels: $0)) }
        self.sequence = sequence
        (posts, inlet) = AsyncStream.makeStream(of: Post.self)
    }

    /// Starts all sinks side by side and then routes. Throws the first error of a sink's `start`; `shutdown` then stops
    /// those that run.
    package func start() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for sink in sinks { group.addTask { try await sink.start() } }
            try await group.waitForAll()
        }
        guard loop == nil else { return }
        loop = Task(executorPreference: executor) { await self.run() }
    }

    /// Queues a report and returns at once. From any thread; after `shutdown` it does nothing. A camera that `init` was
    /// not told of is ignored.
    package nonisolated func post(_ report: CameraReport, from camera: String) {
        inlet.yield(Post(camera: camera, report: report))
    }

    /// Takes what was posted, ends what is open, flushes and stops the sinks.
    ///
    /// - Parameter limit: for each sink to flush and stop, all at the same time.
    /// - Returns: for each sink by its name the events that it has not taken.
    @discardableResult
    package func shutdown(
        reason: ActionEvent.EndReason = .shutdown, within limit: Duration
    ) async -> [String: [ActionEvent]] {
        inlet.finish()
        await loop?.value
        for name in cameras.keys.sorted() { await close(name, reason: reason) }
        sequence.close()
        let undelivered = await withTaskGroup(of: (String, [ActionEvent]).self) { group in
            for sink in sinks { group.addTask { (sink.name, await sink.stop(within: limit)) } }
            var undelivered: [String: [ActionEvent]] = [:]
            for await (sink, events) in group where !events.isEmpty { undelivered[sink] = events }
            return undelivered
        }
        executor.close()
        return undelivered
    }

    private func run() async {
        for await post in posts { await take(post.report, from: post.camera) }
    }

    private func take(_ report: CameraReport, from name: String) async {
        switch report {
        case .window(let observation):
            await take(observation, from: name)
        case .state(let state, let reason, let lastFrame):
            switch state {
            case .online: cameras[name]?.tracker.cameraReturned()
            case .disabled: await close(name, reason: .disabled)
            case .connecting, .stalled, .offline, .authFailed:
                if let lastFrame { cameras[name]?.tracker.cameraLost(since: lastFrame) }
            }
            if cameras[name] != nil { tellSinks(.camera(name: name, state: state, reason: reason)) }
        case .tick(let now):
            await publish(cameras[name]?.tracker.tick(now: now), from: name)
        case .closed(let reason):
            await close(name, reason: reason)
        }
    }

    private func take(_ observation: WindowObservation, from name: String) async {
        guard cameras[name] != nil else { return }
        cameras[name]?.arrival = observation.arrival
        cameras[name]?.streamZero = observation.streamZero
        let invalidBefore = cameras[name]?.tracker.invalidWindows
        let transitions = cameras[name]?.tracker.observe(
            start: observation.start, end: observation.end, scores: observation.scores)
        guard let tracker = cameras[name]?.tracker, tracker.invalidWindows == invalidBefore else {
            return reportInvalidWindow(from: name)
        }
        await publish(transitions, from: name)
        if scoresPerWindow > 0 { tellSinks(.scores(topScores(of: observation, tracker: tracker, camera: name))) }
    }

    private func close(_ name: String, reason: ActionEvent.EndReason) async {
        await publish(cameras[name]?.tracker.closeAll(reason: reason), from: name)
    }

    private func publish(_ transitions: [Transition]?, from name: String) async {
        for transition in transitions ?? [] {
            guard let event = event(for: transition, from: name) else { continue }
            await gate.admit(event)
            tellSinks(.event(event))
        }
    }

    private func event(for transition: Transition, from name: String) -> ActionEvent? {
        guard let camera = cameras[name] else { return nil }
        let id = camera.open[transition.label] ?? identifiers.next()
        cameras[name]?.open[transition.label] = transition.kind == .end ? nil : id
        func date(_ time: StreamTime) -> Date { camera.streamZero.addingTimeInterval(time.seconds) }
        return ActionEvent(
            id: id.description, seq: sequence.take(), type: transition.kind, instance: identity.instance, camera: name,
            label: transition.label, score: transition.score, topScore: transition.topScore,
            startTime: date(transition.start), endTime: transition.end.map(date),
            streamStart: transition.start.seconds, streamEnd: transition.end?.seconds,
            window: .init(start: transition.windowStart.seconds, end: transition.windowEnd.seconds),
            latencyMs: max(0, (ContinuousClock.now - camera.arrival).inSeconds * 1000), endReason: transition.reason,
            late: false, model: identity.model)
    }

    private func topScores(of observation: WindowObservation, tracker: ActionTracker, camera: String) -> WindowScores {
        let order = observation.scores.indices.sorted { observation.scores[$0] > observation.scores[$1] }
        return WindowScores(
            camera: camera, window: .init(start: observation.start.seconds, end: observation.end.seconds),
            top: order.prefix(scoresPerWindow).map {
                WindowScores.Entry(label: tracker.labels[$0].name, score: Double(observation.scores[$0]))
            }, reused: observation.isReused ? true : nil)
    }

    private func reportInvalidWindow(from name: String) {
        guard let leftOut = invalidWindowLimiter.admit(at: .now), let tracker = cameras[name]?.tracker else { return }
        let others = leftOut > 0 ? " (and \(leftOut) more since the last report)" : ""
        report(
            SinkReport(
                level: .error, sink: "events",
                text: "camera \(name.escapedForLog): a window's scores are not finite, it was dropped; "
                    + "\(tracker.invalidWindowsInARow) in a row, \(tracker.invalidWindows) in all\(others)"))
    }

    private func tellSinks(_ message: SinkMessage) {
        for sink in sinks { sink.post(message) }
    }
}
