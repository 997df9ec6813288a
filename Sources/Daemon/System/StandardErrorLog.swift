import Foundation
import Logging
import Pipeline
import Synchronization

/// Writes log lines to standard error: one line each, control characters escaped, whatever the text.
///
/// Under systemd a line begins with its priority (`<6>`) and carries no time, which the journal adds; elsewhere with the time
/// of day and the level. All copies of a handler have the same level, which may change while the daemon runs.
struct StandardErrorLog: LogHandler {
    private final class Threshold: Sendable {
        let level: Mutex<Logger.Level>
        init(_ level: Logger.Level) { self.level = Mutex(level) }
    }

    private let threshold: Threshold
    var metadata: Logger.Metadata = [:]
    let isJournal: Bool
    private let write: @Sendable (String) -> Void

    init(
        level: Logger.Level, isJournal: Bool, write: @escaping @Sendable (String) -> Void = StandardError.write
    ) {
        threshold = Threshold(level)
        self.isJournal = isJournal
        self.write = write
    }

    /// Makes every `Logger` of the process write here. Called once, before the first is made.
    static func bootstrap(level: Configuration.LogLevel, environment: [String: String]) {
        let isJournal = isConnectedToJournal(environment: environment)
        let handler = StandardErrorLog(level: level.loggerLevel, isJournal: isJournal)
        LoggingSystem.bootstrap { _ in handler }
    }

    var logLevel: Logger.Level {
        get { threshold.level.withLock { $0 } }
        set { threshold.level.withLock { $0 = newValue } }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let own = metadata.merging(event.metadata ?? [:]) { $1 }
        let fields = own.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
        let text = "\(event.message)\(fields)".oneLine
        if isJournal {
            write("<\(Self.priority(event.level))>\(text)\n")
        } else {
            write(
                "\(Self.time(Date())) \(event.level.rawValue.padding(toLength: 8, withPad: " ", startingAt: 0)) \(text)\n"
            )
        }
    }

    /// True if standard error is the very stream that systemd gave the service.
    static func isConnectedToJournal(environment: [String: String], descriptor: Int32 = STDERR_FILENO) -> Bool {
        var status = stat()
        guard let stream = environment["JOURNAL_STREAM"], fstat(descriptor, &status) == 0 else { return false }
        return stream == "\(status.st_dev):\(status.st_ino)"
    }

    /// Priorities of syslog.
    private static func priority(_ level: Logger.Level) -> Int {
        switch level {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }

    /// Local time of day with milliseconds.
    private static func time(_ date: Date) -> String {
        var seconds = time_t(date.timeIntervalSince1970.rounded(.down))
        var parts = tm()
        localtime_r(&seconds, &parts)
        let milliseconds = Int((date.timeIntervalSince1970 - Double(seconds)) * 1000)
        return String(format: "%02d:%02d:%02d.%03d", parts.tm_hour, parts.tm_min, parts.tm_sec, milliseconds)
    }
}

extension Configuration.LogLevel {
    var loggerLevel: Logger.Level {
        switch self {
        case .debug: .debug
        case .info: .info
        case .warning: .warning
        case .error: .error
        }
    }
}
