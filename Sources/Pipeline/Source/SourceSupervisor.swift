import Foundation

/// Decides when a source is opened, given up, tried again and ended, and what is told about it.
///
/// A value without a clock: it is told what happened and when (on any clock that only goes forward), and answers with what to
/// do, in order.
package struct SourceSupervisor: Sendable {
    package enum Signal: Sendable, Equatable {
        /// A frame that will be handed on.
        case frame
        /// A frame that will not: damaged or without a time. The stream is alive.
        case badFrame
        /// The stream ended regularly.
        case ended
        case failed(PipelineError)
    }

    package enum Action: Sendable, Equatable {
        case open
        case close
        case report(CameraState, reason: String?)
        /// Frames from here on share nothing with those before.
        case beginEpoch
        case end(PipelineError?)
    }

    private enum Phase: Sendable, Equatable {
        case idle
        case opening(since: Duration)
        case streaming(since: Duration, lastFrame: Duration, isStalled: Bool)
        case waiting(until: Duration)
        case over
    }

    private let isLive: Bool
    private let name: String
    private let limits: SupervisionLimits
    private var backoff: ReconnectBackoff
    private var phase = Phase.idle
    private var reported: CameraState?
    private var hasDelivered = false
    /// Why the stream was last given up.
    package private(set) var lastError: PipelineError?

    /// - Parameter name: the source's, for the errors that are found here.
    package init(isLive: Bool, name: String, limits: SupervisionLimits, seed: UInt64) {
        self.isLive = isLive
        self.name = name
        self.limits = limits
        backoff = ReconnectBackoff(range: limits.retry, seed: seed)
    }

    /// When `advance` next has something to do unless a signal comes first; nil: never.
    package var deadline: Duration? {
        switch phase {
        case .idle, .over: nil
        case .opening(let since): since + (isLive ? limits.opening : limits.fileSilence)
        case .streaming(_, let lastFrame, let isStalled):
            lastFrame + (isLive ? (isStalled ? limits.rebuild : limits.stalled) : limits.fileSilence)
        case .waiting(let until): until
        }
    }

    package mutating func start(at now: Duration) -> [Action] {
        phase = .opening(since: now)
        return report(.connecting) + [.open]
    }

    package mutating func receive(_ signal: Signal, at now: Duration) -> [Action] {
        switch (signal, phase) {
        case (.frame, .opening):
            phase = .streaming(since: now, lastFrame: now, isStalled: false)
            let epoch: [Action] = hasDelivered ? [.beginEpoch] : []
            hasDelivered = true
            return epoch + report(.online)
        case (.frame, .streaming(let since, _, _)):
            phase = .streaming(since: since, lastFrame: now, isStalled: false)
            return report(.online)
        case (.badFrame, .opening):
            phase = .opening(since: now)
            return []
        case (.badFrame, .streaming(let since, _, let isStalled)):
            phase = .streaming(since: since, lastFrame: now, isStalled: isStalled)
            return []
        case (.ended, .opening), (.ended, .streaming):
            if isLive { return fail(.unreachable(source: name, reason: "the stream ended"), at: now) }
            return finish(hasDelivered ? nil : .unreadable(source: name, reason: "holds no picture"))
        case (.failed(let error), .opening), (.failed(let error), .streaming):
            return isLive ? fail(error, at: now) : finish(error)
        case (_, .idle), (_, .waiting), (_, .over):
            return []
        }
    }

    /// Carries out what is due by `now`; to be called when `deadline` has come.
    package mutating func advance(to now: Duration) -> [Action] {
        guard let deadline, now >= deadline else { return [] }
        switch phase {
        case .idle, .over: return []
        case .waiting:
            phase = .opening(since: now)
            // A refused password stays the news until something else is known.
            return (reported == .authFailed ? [] : report(.connecting)) + [.open]
        case .opening:
            let limit = isLive ? limits.opening : limits.fileSilence
            let silence = "no picture within \(limit.inSeconds.formatted()) s of opening"
            return isLive ? fail(.unreachable(source: name, reason: silence), at: now) : finish(stuck(silence))
        case .streaming(let since, let lastFrame, let isStalled):
            if isLive, !isStalled {
                phase = .streaming(since: since, lastFrame: lastFrame, isStalled: true)
                return report(.stalled, reason: "no picture for \(limits.stalled.inSeconds.formatted()) s")
            }
            let silence = "no picture for \((isLive ? limits.rebuild : limits.fileSilence).inSeconds.formatted()) s"
            return isLive ? fail(.unreachable(source: name, reason: silence), at: now) : finish(stuck(silence))
        }
    }

    private func stuck(_ silence: String) -> PipelineError {
        .unreadable(source: name, reason: "\(silence); the decoder makes no progress")
    }

    private mutating func fail(_ error: PipelineError, at now: Duration) -> [Action] {
        if case .streaming(let since, let lastFrame, _) = phase, lastFrame - since >= limits.stable { backoff.reset() }
        lastError = error
        let wait: Duration
        let state: CameraState
        if case .unauthorised = error {
            (wait, state) = (limits.authRetry, .authFailed)
        } else {
            (wait, state) = (backoff.next(), .offline)
        }
        phase = .waiting(until: now + wait)
        return [.close] + report(state, reason: error.reason)
    }

    /// The end is told before the pipeline is closed: one that hangs might never close.
    private mutating func finish(_ error: PipelineError?) -> [Action] {
        phase = .over
        lastError = error
        return report(.disabled, reason: error?.reason ?? "ended") + [.end(error), .close]
    }

    private mutating func report(_ state: CameraState, reason: String? = nil) -> [Action] {
        guard reported != state else { return [] }
        reported = state
        return [.report(state, reason: reason)]
    }
}
