import ArgumentParser
import Foundation
import Logging
import Pipeline

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Watch cameras and files and publish the actions in them.",
        discussion: """
            Runs until every source has ended, or SIGTERM or SIGINT comes: open events are ended, sinks are flushed, and the \
            exit status is 0. SIGHUP reads the configuration again. Exits with 78 if the configuration is wrong, with 65 if \
            all sources have ended and a file could not be read as video.
            """)

    @Argument(help: "The configuration file.")
    var file = "/etc/claverd/claverd.yaml"

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        var configuration = try Configuration(file: file)
        StandardErrorLog.bootstrap(level: configuration.logLevel, environment: environment)
        var log = Logger(label: "claverd")
        let notifier = SystemdNotifier(environment: environment)
        let (happenings, inlet) = AsyncStream.makeStream(of: DaemonRun.Happening.self)
        let feeders = [
            Task { for await signal in Signal.stream() { inlet.yield(.signal(signal)) } },
            Task { try await Self.tick(every: notifier?.pingInterval ?? .seconds(5)) { inlet.yield(.tick) } },
        ]
        defer { feeders.forEach { $0.cancel() } }
        var parts: AssemblyParts?
        /// What the daemon ran with before a reload.
        var previous: Configuration?
        var undelivered: DaemonRun.Undelivered = [:]
        var life = 0
        while true {
            for warning in configuration.warnings { log.warning("\(warning)") }
            let daemon = DaemonRun(
                configuration, parts: parts, undelivered: undelivered, file: file, log: log, notifier: notifier,
                life: life)
            switch try await daemon.run(happenings, inlet: inlet) {
            case .reload(let next, let left):
                (previous, configuration, parts, undelivered) = (configuration, next.configuration, next, left)
            case .notStarted(let error, let left):
                guard let working = previous else { throw error }
                undelivered = left
                log.error("\(file) cannot be used, back to the old configuration: \(error)")
                (previous, configuration, parts) = (nil, working, nil)
            case .finished(let failed):
                if failed { throw ExitStatus.dataError.code }
                return
            }
            log.logLevel = configuration.logLevel.loggerLevel
            life += 1
        }
    }

    private static func tick(every interval: Duration, _ body: () -> Void) async throws {
        while true {
            try await Task.sleep(for: interval)
            body()
        }
    }
}

extension SystemdNotifier {
    /// Half of what the watchdog allows, and often enough for a fresh status line.
    fileprivate var pingInterval: Duration { min(watchdogInterval.map { $0 / 2 } ?? .seconds(5), .seconds(5)) }
}
