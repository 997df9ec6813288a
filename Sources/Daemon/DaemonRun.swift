import Foundation
import Logging
import Pipeline

/// One life of the daemon, from a configuration to the end of its sources, a signal or a reload.
struct DaemonRun {
    enum Outcome {
        /// A signal came, or all sources ended; `failed` if a file among these could not be read.
        case finished(failed: Bool)
        case reload(AssemblyParts, Undelivered)
        /// Something kept it from starting; what had been started was stopped again.
        case notStarted(any Error, Undelivered)
    }

    /// For each sink by its name the events that it has yet to take.
    typealias Undelivered = [String: [ActionEvent]]

    /// Everything that the daemon's loop reacts to. Notices carry the number of the life they belong to, so that what
    /// the parts before a reload still say is told apart.
    enum Happening: Sendable {
        case notice(Assembly.Notice, life: Int)
        case signal(Signal)
        case tick
    }

    /// Time for open events to end and sinks to flush; systemd allows 20 s in all.
    private static let farewell = Duration.seconds(8)
    /// The same before a reload, when no camera is watched meanwhile and what is not delivered is handed on.
    private static let shortFarewell = Duration.seconds(2)

    private let configuration: Configuration
    private let parts: AssemblyParts?
    private let undelivered: Undelivered
    private let file: String
    private let log: Logger
    private let notifier: SystemdNotifier?
    private let life: Int

    /// - Parameters:
    ///   - parts: of this configuration, if they have been made already.
    ///   - undelivered: what the sinks of the life before have left.
    init(
        _ configuration: Configuration, parts: AssemblyParts?, undelivered: Undelivered, file: String, log: Logger,
        notifier: SystemdNotifier?, life: Int
    ) {
        self.configuration = configuration
        self.parts = parts
        self.undelivered = undelivered
        self.file = file
        self.log = log
        self.notifier = notifier
        self.life = life
    }

    /// - Throws: what ends the daemon after it has started.
    func run(
        _ happenings: AsyncStream<Happening>, inlet: AsyncStream<Happening>.Continuation
    ) async throws -> Outcome {
        let assembly: Assembly
        switch await start(inlet) {
        case .success(let started): assembly = started
        case .failure(let failure): return .notStarted(failure.reason, failure.undelivered)
        }
        var next: AssemblyParts?
        /// Whether a signal said to stop.
        var isTold = false
        var status = RunStatus(cameras: assembly.cameras)
        var watch = ProgressWatch()
        for await happening in happenings {
            switch happening {
            case .notice(.broken(let reason), life):
                tellOf(await stop(assembly, reason: .shutdown))
                throw CommandFailure(.software, reason)
            case .notice(let notice, life):
                status.take(notice, log: log)
            case .notice:
                break
            case .tick:
                let progress = stages(of: assembly)
                if watch.mayPing(stages: progress) { notifier?.notify(.watchdog) }
                notifier?.notify(.status(status.line(windows: Self.windows(of: assembly))))
                status.note(leftOut: Self.leftOut(of: assembly), log: log)
            case .signal(.hangUp):
                next = reloaded()
            case .signal(let signal):
                log.info("stopping on \(signal)")
                isTold = true
            }
            if next != nil || isTold || status.isOver { break }
        }
        if let next { return .reload(next, await stop(assembly, reason: .reload)) }
        tellOf(await stop(assembly, reason: .shutdown))
        return .finished(failed: status.failed && !isTold)
    }

    private struct StartFailure: Error {
        let reason: any Error
        let undelivered: Undelivered
    }

    private func start(
        _ inlet: AsyncStream<Happening>.Continuation
    ) async -> Result<Assembly, StartFailure> {
        notifier?.notify(.status("loading the model"), .extendTimeout(.seconds(120)))
        let began = ContinuousClock.now
        let life = life
        let assembly: Assembly
        do {
            assembly = try Assembly(parts ?? AssemblyParts(configuration, log: log), log: log) {
                inlet.yield(.notice($0, life: life))
            }
        } catch {
            return .failure(StartFailure(reason: error, undelivered: undelivered))
        }
        let rest = handOn(undelivered, to: assembly.runners)
        do {
            try await assembly.router.start()
        } catch {
            let left = await assembly.router.shutdown(within: Self.shortFarewell)
            return .failure(StartFailure(reason: error, undelivered: left.merging(rest) { $1 }))
        }
        tellOf(rest)
        assembly.pipeline.start()
        let seconds = String(format: "%.1f", (ContinuousClock.now - began).inSeconds)
        log.info("computing on \(assembly.backend)")
        log.info("ready: model \(assembly.modelIdentity), \(assembly.cameras.count) cameras, \(seconds) s")
        notifier?.notify(.ready, .status("watching \(assembly.cameras.count) cameras"))
        return .success(assembly)
    }

    /// Queues what sinks of the same names have left, and returns what is left of others. Called before the router starts, so
    /// that nothing overtakes it.
    private func handOn(_ undelivered: Undelivered, to runners: [SinkRunner]) -> Undelivered {
        var rest = undelivered
        for runner in runners {
            for var event in rest.removeValue(forKey: runner.name) ?? [] {
                event.late = true
                runner.post(.event(event))
            }
        }
        return rest
    }

    /// Logs what nobody will deliver any more.
    private func tellOf(_ undelivered: Undelivered) {
        for (sink, events) in undelivered.sorted(by: { $0.key < $1.key }) {
            log.error("\(sink): stopped; events that were not delivered: \(events.count)")
        }
    }

    private func stop(_ assembly: Assembly, reason: ActionEvent.EndReason) async -> Undelivered {
        notifier?.notify(reason == .reload ? .reloading : .stopping)
        await Self.offCooperativePool { assembly.pipeline.stop() }
        let undelivered = await assembly.router.shutdown(
            reason: reason, within: reason == .reload ? Self.shortFarewell : Self.farewell)
        let leftOut = Self.leftOut(of: assembly)
        let shortfall = leftOut.isNothing ? "" : "; inference was too slow for \(leftOut)"
        log.info("\(Self.windows(of: assembly))\(shortfall)")
        return undelivered
    }

    /// The parts of the new configuration, or nil if it is wrong: then the old one stays.
    private func reloaded() -> AssemblyParts? {
        do {
            let next = try AssemblyParts(Configuration(file: file), log: log)
            log.info("reloading \(file)")
            return next
        } catch {
            log.error("\(file) is not used, the old configuration stays: \(error)")
            return nil
        }
    }

    private func stages(of assembly: Assembly) -> [String: ProgressWatch.Report] {
        let engine = assembly.pipeline.counters
        return ["inference": engine.isBusy ? .busy(done: UInt64(engine.batches)) : .idle]
    }

    private static func windows(of assembly: Assembly) -> WindowCount {
        let counters = assembly.pipeline.counters
        return WindowCount(
            scored: counters.windows,
            reused: assembly.cameras.indices.map { (assembly.cameras[$0], counters.reusedWindows(camera: $0)) })
    }

    private static func leftOut(of assembly: Assembly) -> RunStatus.LeftOut {
        RunStatus.LeftOut(
            frames: assembly.cameras.indices.map { assembly.pipeline.droppedFrames(camera: $0) }.reduce(0, +),
            windows: assembly.pipeline.counters.skippedWindows)
    }

    /// Runs what blocks on a thread of its own.
    private static func offCooperativePool(_ work: @escaping @Sendable () -> Void) async {
        await withCheckedContinuation { continuation in
            Thread {
                work()
                continuation.resume()
            }.start()
        }
    }
}
