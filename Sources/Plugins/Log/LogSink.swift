import Foundation
import Glibc
package import Pipeline

/// Tells events and camera states where people and journald look first: standard output, standard error or the journal.
package final class LogSink: EventSink {
    package static let kind = "log"

    package static let keys: [SettingKey] = [
        SettingKey(
            "format", accepts: "auto, text, json or journald", standard: "auto",
            meaning: """
                text: a line for people; json: a line of JSON; journald: native fields, see below. auto is journald when \
                systemd connected the stream to the journal, otherwise text.
                """),
        SettingKey(
            "to", accepts: "stdout or stderr", standard: "stdout",
            meaning: "The stream for text and json."),
        SettingKey(
            "scores", accepts: "true or false", standard: "false",
            meaning: "Whether the best scores of every window are told as well."),
    ]

    private enum Format: String, CaseIterable {
        case auto, text, json, journald
    }

    private enum Target: String, CaseIterable {
        case stdout, stderr
    }

    private enum Output {
        case text(Int32)
        case json(Int32)
        case journal(JournalSocket)
    }

    private let text: EventText
    private let output: Output
    /// The stream's name in errors.
    private let stream: String
    private let tellsScores: Bool
    private let now: @Sendable () -> Date

    package convenience init(settings: SettingsReader, context: SinkContext) throws {
        try self.init(settings: settings, context: context, surroundings: LogSurroundings())
    }

    init(settings: SettingsReader, context: SinkContext, surroundings: LogSurroundings) throws {
        let target = try settings.choice("to", Target.self) ?? .stdout
        let descriptor = target == .stdout ? surroundings.standardOutput : surroundings.standardError
        stream = target == .stdout ? "standard output" : "standard error"
        tellsScores = try settings.bool("scores") ?? false
        text = EventText(cameras: context.cameras, timeZone: surroundings.timeZone)
        now = surroundings.now
        output =
            switch try settings.choice("format", Format.self) ?? .auto {
            case .json: .json(descriptor)
            case .text: .text(descriptor)
            case .journald: .journal(try JournalSocket(path: surroundings.journalSocket))
            case .auto:
                surroundings.isJournal(descriptor)
                    ? .journal(try JournalSocket(path: surroundings.journalSocket)) : .text(descriptor)
            }
    }

    package func start() async throws {}

    package func deliver(_ message: SinkMessage) async throws {
        if case .scores = message, !tellsScores { return }
        switch output {
        case .text(let descriptor):
            try write(Data(text.line(message, at: now()).utf8), to: descriptor)
        case .json(let descriptor):
            try write(try MessageJSON.encode(message), to: descriptor)
        case .journal(let socket):
            try socket.send(JournalEntry(message, text: text.text(message)).datagram)
        }
    }

    package func stop(within limit: Duration) async {}

    private func write(_ line: Data, to descriptor: Int32) throws {
        let bytes = line + Data([UInt8(ascii: "\n")])
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { whole in
                let rest = UnsafeRawBufferPointer(rebasing: whole[written...])
                return Glibc.write(descriptor, rest.baseAddress, rest.count)
            }
            if count > 0 {
                written += count
            } else if errno == EAGAIN {
                var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&ready, 1, -1)
            } else if errno != EINTR {
                throw PluginError.file(path: stream, operation: "write to", reason: systemErrorText())
            }
        }
    }
}
