import Foundation
import Logging
import Pipeline

/// One life of the daemon, from a configuration to the end of its sources, a signal or a reload.
struct DaemonRun {
    enum Outcome {
        /// All sources ended or a signal came; `failed` if a file could not be read.
        case finished(failed: Bool)
        case reload(Configuration)
    }

    /// Everything that the daemon's loop reacts to. Notices carry the number of the life they belong to, so that what
    /// the parts before a reload still say is told apart.
    enum Happening: Sendable {
        case notice(Assembly.Notice, life: Int)
        case signal(Signal)
        case tick
    }

    /// Time for open events to end and sinks to flush; systemd allows 20 s in all.
    private static let farewell = Duration.seconds(8)

    private let configuration: Configuration
    private let file: String
    private let log: Logger
    private let notifier: SystemdNotifier?
    private let life: Int

    init(_ configuration: Configuration, file: String, log: Logger, notifier: SystemdNotifier?, life: Int) {
        self.configuration = configuration
        self.file = file
        self.log = log
        self.notifier = notifier
        self.life = life
    }

    /// - Throws: what keeps the daemon from starting.
    func run(
        _ happenings: AsyncStream<Happening>, inlet: AsyncStream<Happening>.Continuation
    ) async throws -> Outcome {
        notifier?.notify(.status("loading the model"), .extendTimeout(.seconds(120)))
        let began = ContinuousClock.now
        let life = life
        let assembly = try Assembly(configuration, log: log) { inlet.yield(.notice($0, life: life)) }
        try await assembly.router.start()
        assembly.pipeline.start()
        log.info(
            "ready: model \(assembly.modelIdentity), \(assembly.cameras.count) cameras, \(String(format: "%.1f", (ContinuousClock.now - began).inSeconds)) s"
        )
        notifier?.notify(.ready, .status("watching \(assembly.cameras.count) cameras"))

        var outcome = Outcome.finished(failed: false)
        var status = RunStatus(cameras: assembly.cameras)
        var watch = ProgressWatch()
        for await happening in happenings {
            switch happening {
            case .notice(.broken(let reason), life):
                await stop(assembly, reason: .shutdown)
                throw CommandFailure(.software, reason)
            case .notice(let notice, life):
                status.take(notice, log: log)
            case .notice:
                break
            case .tick:
                let progress = stages(of: assembly)
                if watch.mayPing(stages: progress) { notifier?.notify(.watchdog) }
                notifier?.notify(.status(status.line(windows: assembly.pipeline.counters.windows)))
            case .signal(.hangUp):
                if let next = reloaded() { outcome = .reload(next) }
            case .signal(let signal):
                log.info("stopping on \(signal)")
                status.stop()
            }
            if case .reload = outcome { break }
            if status.isOver { break }
        }
        if case .reload = outcome {
            await stop(assembly, reason: .reload)
            return outcome
        }
        await stop(assembly, reason: .shutdown)
        return .finished(failed: status.failed)
    }

    private func stop(_ assembly: Assembly, reason: ActionEvent.EndReason) async {
        notifier?.notify(reason == .reload ? .reloading : .stopping)
        await Self.offCooperativePool { assembly.pipeline.stop() }
        await assembly.router.shutdown(reason: reason, within: Self.farewell)
        log.info("\(assembly.pipeline.counters.windows) windows scored\(Self.lost(assembly))")
    }

    /// The new configuration, or nil if it is wrong: then the old one stays.
    private func reloaded() -> Configuration? {
        do {
            let next = try Configuration(file: file)
            _ = try ConfigurationSummary(next)
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

    private static func lost(_ assembly: Assembly) -> String {
        let frames = assembly.cameras.indices.map { assembly.pipeline.droppedFrames(camera: $0) }.reduce(0, +)
        let windows = assembly.pipeline.counters.skippedWindows
        return frames + windows == 0
            ? "" : "; inference was too slow for \(frames) frames and \(windows) windows"
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
