import Synchronization

/// Stands between the daemon and one sink: a bounded queue, one delivery at a time in order, a deadline, and for events
/// retries until the sink takes them.
///
/// The sink runs on a thread of its own, so that one which blocks holds up neither the other sinks nor the daemon. A
/// delivery past its deadline is cancelled; the next one begins when it returns, never beside it. Until then messages
/// wait, and beyond the queue's capacity `MessageQueue` decides which go.
package final class SinkRunner: Sendable {
    private enum Phase {
        case idle, running, flushing, over
    }

    /// Between two reports of trouble that lasts.
    private static let reportInterval = Duration.seconds(60)

    private struct State {
        var queue: MessageQueue
        /// The event that is being delivered.
        var current: ActionEvent?
        var counters = SinkCounters()
        var phase = Phase.idle
        var waiter: CheckedContinuation<Void, Never>?
        var loop: Task<Void, Never>?
        var delivery: Task<Void, any Error>?
        var limiter = RateLimiter(interval: SinkRunner.reportInterval)
        /// Set while the log's last word is that the sink has trouble.
        var isInTrouble = false
        /// Set once the sink's `start` has succeeded: only then is there something to stop.
        var isStarted = false

        mutating func takeWaiter() -> CheckedContinuation<Void, Never>? {
            defer { waiter = nil }
            return waiter
        }
    }

    /// Distinguishes sinks in the log and in metrics; the plugin's key unless there are several of a kind.
    package let name: String
    private let sink: any EventSink
    private let policy: SinkPolicy
    private let report: @Sendable (SinkReport) -> Void
    private let executor: ThreadExecutor
    private let state: Mutex<State>

    package init(
        name: String, sink: any EventSink, policy: SinkPolicy = SinkPolicy(),
        report: @escaping @Sendable (SinkReport) -> Void
    ) {
        self.name = name
        self.sink = sink
        self.policy = policy
        self.report = report
        executor = ThreadExecutor(name: "sink-\(name)")
        state = Mutex(State(queue: MessageQueue(capacity: policy.capacity)))
    }

    package var counters: SinkCounters {
        state.withLock { state in
            var counters = state.counters
            counters.queueDepth = state.queue.count
            return counters
        }
    }

    /// Starts the sink and then delivers what is posted. Throws what the sink's `start` throws. A start that takes longer
    /// than the deadline is reported and goes on by itself; messages wait for it.
    package func start() async throws {
        let starting = Task(executorPreference: executor) { [sink] in try await sink.start() }
        state.withLock { state in
            guard state.phase == .idle else { return }
            state.phase = .running
            state.loop = Task.detached { await self.run(after: starting) }
        }
        if await starting.isDone(within: policy.deadline) {
            try await starting.value
        } else {
            trouble("is still starting after \(policy.deadline)")
        }
    }

    /// Queues a message and returns at once. From any thread.
    package func post(_ message: SinkMessage) {
        let (dropped, waiter) = state.withLock { state in
            guard state.phase == .idle || state.phase == .running else {
                state.counters.dropped += 1
                return (0, CheckedContinuation<Void, Never>?.none)
            }
            let dropped = state.queue.push(message)
            state.counters.dropped += dropped
            return (dropped, state.takeWaiter())
        }
        waiter?.resume()
        if dropped > 0 { trouble("has \(policy.capacity) messages waiting, older ones were dropped") }
    }

    /// Delivers what waits, stops the sink and returns, all within `limit`, whatever the sink does.
    ///
    /// - Returns: the events that the sink has not taken, in their order; it may have got the first of them all the same.
    @discardableResult
    package func stop(within limit: Duration) async -> [ActionEvent] {
        let end = ContinuousClock.now + limit
        let loop = state.withLock { state -> Task<Void, Never>? in
            guard state.phase == .running else {
                state.phase = .over
                return nil
            }
            state.phase = .flushing
            return state.loop
        }
        guard let loop else {
            executor.close()
            return state.withLock { Self.takeUndelivered(&$0) }
        }
        wake()
        // The last quarter is for the sink's own goodbye.
        if await !loop.isDone(within: limit * 3 / 4) { giveUp(loop) }
        if await loop.isDone(within: end - .now), state.withLock({ $0.isStarted }) {
            let stopping = Task(executorPreference: executor) { [sink] in await sink.stop(within: end - .now) }
            if await !stopping.isDone(within: end - .now) { stopping.cancel() }
        }
        executor.close()
        return state.withLock { state in
            state.phase = .over
            return Self.takeUndelivered(&state)
        }
    }

    private static func takeUndelivered(_ state: inout State) -> [ActionEvent] {
        var events = [state.current].compactMap { $0 }
        state.current = nil
        state.counters.lost += events.count
        while let (message, _) = state.queue.pop() {
            state.counters.lost += 1
            if case .event(let event) = message { events.append(event) }
        }
        return events
    }

    private func giveUp(_ loop: Task<Void, Never>) {
        let delivery = state.withLock { state in
            state.phase = .over
            return state.delivery
        }
        delivery?.cancel()
        loop.cancel()
        wake()
    }

    private func wake() {
        state.withLock { $0.takeWaiter() }?.resume()
    }

    private func run(after starting: Task<Void, any Error>) async {
        do {
            try await starting.value
            state.withLock { $0.isStarted = true }
        } catch {
            // `start` has thrown this to its caller, who decides whether to go on without the sink.
            state.withLock { $0.phase = .over }
            return
        }
        while let (message, since) = await next() { await handOn(message, since: since) }
    }

    /// The next message; nil when stopping and there is none, or no time left.
    private func next() async -> (SinkMessage, since: ContinuousClock.Instant)? {
        while true {
            let (entry, isOver) = state.withLock { state -> ((SinkMessage, since: ContinuousClock.Instant)?, Bool) in
                if state.phase == .over { return (nil, true) }
                let entry = state.queue.pop()
                if case .event(let event)? = entry?.message { state.current = event }
                return (entry, entry == nil && state.phase == .flushing)
            }
            if entry != nil || isOver { return entry }
            await withCheckedContinuation { continuation in
                let isDue = state.withLock { state in
                    if state.queue.count > 0 || state.phase != .running { return true }
                    state.waiter = continuation
                    return false
                }
                if isDue { continuation.resume() }
            }
        }
    }

    /// Delivers one message, an event until the sink takes it or there is no time left.
    private func handOn(_ message: SinkMessage, since: ContinuousClock.Instant) async {
        var attempt = 1
        while let error = await deliver(message.marked(late: ContinuousClock.now - since > policy.deadline)) {
            let isWorthRetrying = state.withLock { state in
                state.counters.failed += 1
                guard message.isEvent else {
                    state.counters.lost += 1
                    return false
                }
                guard state.phase != .over else { return false }
                state.counters.retried += 1
                return true
            }
            // The one who cancels it says why.
            if !(error is CancellationError) { trouble("failed: \(error)") }
            guard isWorthRetrying else { return }
            // Ends early, and harmlessly, when `stop` has no more time.
            try? await Task.sleep(for: policy.backoff(after: attempt))
            attempt += 1
        }
        // Scores and states may mean nothing to the sink, so that it takes them whatever its state is.
        let hasRecovered = state.withLock { state in
            state.counters.delivered += 1
            guard message.isEvent else { return false }
            state.current = nil
            defer { state.isInTrouble = false }
            return state.isInTrouble
        }
        if hasRecovered { report(SinkReport(level: .info, sink: name, text: "delivers again")) }
    }

    /// One call of the sink's `deliver`, waited for until it returns; nil when it took the message.
    private func deliver(_ message: SinkMessage) async -> (any Error)? {
        let delivery = Task(executorPreference: executor) { [sink] in try await sink.deliver(message) }
        state.withLock { $0.delivery = delivery }
        let timer = Task {
            try await Task.sleep(for: policy.deadline)
            // Noted first: once it is cancelled, the delivery may be over before this thread goes on.
            state.withLock { $0.counters.timedOut += 1 }
            trouble("has not taken a message within \(policy.deadline)")
            delivery.cancel()
        }
        let result = await delivery.result
        timer.cancel()
        state.withLock { $0.delivery = nil }
        guard case .failure(let error) = result else { return nil }
        return error
    }

    /// Reports at most once a minute, with the number of reports left out.
    private func trouble(_ text: String) {
        let leftOut = state.withLock { state in
            let leftOut = state.limiter.admit(at: .now)
            if leftOut != nil { state.isInTrouble = true }
            return leftOut
        }
        guard let leftOut else { return }
        let repeats = leftOut > 0 ? " (and \(leftOut) more since the last report)" : ""
        report(SinkReport(level: .warning, sink: name, text: text.escapedForLog + repeats))
    }
}

extension SinkMessage {
    fileprivate var isEvent: Bool { if case .event = self { true } else { false } }

    fileprivate func marked(late: Bool) -> SinkMessage {
        guard late, case .event(var event) = self else { return self }
        event.late = true
        return .event(event)
    }
}
