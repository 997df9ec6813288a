import Foundation
import Synchronization

/// A source that keeps itself alive: one thread that opens the stream, hands on its frames and carries out what
/// `SourceSupervisor` decides.
///
/// Once started it lives until it has ended or `stop` was called. `stop` may be called from any thread but not from within the
/// handler; it waits for a call of the handler that is under way, and then less than a second.
package final class SupervisedSource: FrameSource {
    package let isLive: Bool
    private let settings: SourceRun.Settings
    /// Held while the handler runs, so that `stop` can wait for it.
    private let isStopped = Mutex(false)
    private let counts = Mutex(SourceCounters())
    private let stopSignal = DispatchSemaphore(value: 0)
    private let running = DispatchGroup()

    /// How long `stop` waits for the pipeline to be torn down; a driver that takes longer goes on behind its back.
    private static let teardownPatience: DispatchTimeInterval = .milliseconds(900)

    /// - Parameter seed: of the jitter between attempts.
    init(location: SourceLocation, name: String, options: SourceOptions, seed: UInt64) {
        isLive = location.isLive
        settings = SourceRun.Settings(location: location, name: name, options: options, seed: seed)
    }

    /// What was counted so far; from any thread.
    package var counters: SourceCounters { counts.withLock { $0 } }

    package func start(_ handler: @escaping @Sendable (SourceEvent) -> Void) {
        running.enter()
        let thread = Thread { [self] in
            let run = SourceRun(settings: settings, owner: self, handler: handler)
            run.run()
            running.leave()
        }
        thread.name = "source"
        thread.start()
    }

    package func stop() {
        isStopped.withLock { $0 = true }
        stopSignal.signal()
        _ = running.wait(timeout: .now() + Self.teardownPatience)
    }

    /// Calls the handler unless stopped.
    fileprivate func deliver(_ event: SourceEvent, to handler: (SourceEvent) -> Void) {
        isStopped.withLock { if !$0 { handler(event) } }
    }

    fileprivate var shouldStop: Bool { isStopped.withLock { $0 } }

    fileprivate func count(_ change: (inout SourceCounters) -> Void) { counts.withLock { change(&$0) } }

    /// Sleeps until `stop` is called, at most for `limit`.
    fileprivate func pause(_ limit: Duration) {
        _ = stopSignal.wait(timeout: .now() + max(0, limit.inSeconds))
    }
}

/// The life of a source's thread; used by that thread alone.
private final class SourceRun {
    struct Settings: Sendable {
        let location: SourceLocation
        let name: String
        let options: SourceOptions
        let seed: UInt64
    }

    private let settings: Settings
    private let owner: SupervisedSource
    private let handler: (SourceEvent) -> Void
    private let begin = ContinuousClock.now
    private var supervisor: SourceSupervisor
    private var pipeline: DecodingPipeline?
    private var shapes = ShapeHistory()
    private var transport = RTSPTransport.tcp
    private var choice: DecoderChoice
    /// That the pipeline has delivered.
    private var frames = 0
    /// How the file ends early, if it does.
    private var truncation: String?
    private var attempts = 0
    private var isOver = false

    /// How long to wait for a frame before looking whether to stop.
    private static let attention: Duration = .milliseconds(50)

    init(settings: Settings, owner: SupervisedSource, handler: @escaping (SourceEvent) -> Void) {
        self.settings = settings
        self.owner = owner
        self.handler = handler
        choice = DecoderChoice(settings.options.decoder)
        supervisor = SourceSupervisor(
            isLive: settings.location.isLive, name: settings.name, limits: settings.options.limits, seed: settings.seed)
    }

    private var now: Duration { ContinuousClock.now - begin }

    func run() {
        perform(supervisor.start(at: now))
        while !isOver, !owner.shouldStop {
            if let pipeline {
                take(pipeline.next(within: Self.attention))
            } else {
                owner.pause(supervisor.deadline.map { $0 - now } ?? Self.attention)
            }
            perform(supervisor.advance(to: now))
        }
        close()
    }

    private func take(_ output: DecodingPipeline.Output) {
        switch output {
        case .frame(let frame):
            frames += 1
            signal(.frame)
            owner.deliver(.frame(frame), to: handler)
            owner.count { $0.frames += 1 }
            // The time that the handler took is not the stream's silence.
            signal(.frame)
        case .corrupt:
            owner.count { $0.corrupt += 1 }
            signal(.badFrame)
        case .untimed:
            owner.count { $0.untimed += 1 }
            signal(.badFrame)
        case .idle: break
        case .end:
            signal(truncation.map { .failed(.unreadable(source: settings.name, reason: $0)) } ?? .ended)
        case .fault(let error, let isTransportRefused):
            if fallsBack() { return reopen() }
            // Another attempt without news about the transport starts with the preferred one again.
            transport = isTransportRefused ? transport.other : .tcp
            signal(.failed(explained(error)))
        }
    }

    /// Whether the pipeline that is to be given up should be built anew in software, at once.
    private func fallsBack() -> Bool {
        guard let pipeline, choice.pipelineFailed(usedHardware: pipeline.usesHardware, frames: frames) else {
            return false
        }
        owner.count { $0.hardwareFailures += 1 }
        return true
    }

    /// A file's own structure tells better than its demuxer why it cannot be read.
    private func explained(_ error: PipelineError) -> PipelineError {
        guard case .file(let path) = settings.location, case .unreadable(let source, let reason) = error else {
            return error
        }
        return .unreadable(source: source, reason: truncation ?? (source == path ? reason : "\(path): \(reason)"))
    }

    private func signal(_ signal: SourceSupervisor.Signal) { perform(supervisor.receive(signal, at: now)) }

    private func perform(_ actions: [SourceSupervisor.Action]) {
        for action in actions {
            switch action {
            case .open: open()
            case .close: close()
            case .report(let state, let reason):
                owner.count { [error = supervisor.lastError] in $0.lastError = error }
                owner.deliver(.state(state, reason: reason), to: handler)
            case .beginEpoch: owner.deliver(.newEpoch, to: handler)
            case .end(let error):
                isOver = true
                owner.deliver(.ended(error: error), to: handler)
            }
        }
    }

    private func open() {
        attempts += 1
        if attempts > 1 { owner.count { $0.reconnects += 1 } }
        build()
    }

    private func reopen() {
        close()
        build()
    }

    private func build() {
        frames = 0
        var options = settings.options
        options.decoder = choice.admitsHardware ? .auto : .software
        do throws(PipelineError) {
            if case .file(let path) = settings.location {
                truncation = try VideoFile(path: path, source: settings.name).truncation.map {
                    settings.name == path ? $0 : "\(path) \($0)"
                }
            }
            pipeline = try DecodingPipeline(
                location: settings.location, name: settings.name, options: options, transport: transport,
                shapes: shapes)
        } catch {
            signal(.failed(error))
        }
    }

    private func close() {
        guard let closing = pipeline else { return }
        // Hardware that shows nothing within the time for opening counts as failed too.
        _ = fallsBack()
        pipeline = nil
        shapes = closing.shapes
        closing.close()
    }
}
