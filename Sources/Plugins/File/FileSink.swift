import Foundation
package import Pipeline
import Synchronization

/// Writes every event as a line of JSON to a file that is rotated by size.
package final class FileSink: EventSink {
    package static let kind = "file"

    package static let keys: [SettingKey] = [
        SettingKey(
            "path", accepts: "a file name in an existing folder", standard: nil,
            meaning: "Where the lines go. Created with mode 0640 if missing; reopened when a log rotator moves it away."
        ),
        SettingKey(
            "max_size", accepts: "a size such as 100MB or 64KiB, 1KB ... 1000GB", standard: "100MB",
            meaning: "Before the file would exceed it, it is renamed to path.1 and a new one begun."),
        SettingKey(
            "keep", accepts: "1 ... 1000", standard: "5",
            meaning: "How many renamed files stay: path.1 is the newest, path.5 the oldest."),
        SettingKey(
            "sync", accepts: "true or false", standard: "false",
            meaning: "Whether each event is forced to the disk before it counts as delivered."),
    ]

    private let file: Mutex<RotatingFile>

    package convenience init(settings: SettingsReader, context: SinkContext) throws {
        guard let path = try settings.filePath("path") else {
            throw settings.error("path", "missing; this key is required")
        }
        self.init(
            file: RotatingFile(
                path: path,
                maxByteCount: try settings.byteCount("max_size", in: 1_000...1_000_000_000_000) ?? 100_000_000,
                keep: try settings.integer("keep", in: 1...1000) ?? 5,
                sync: try settings.bool("sync") ?? false))
    }

    init(file: RotatingFile) {
        self.file = Mutex(file)
    }

    /// Throws `PluginError` if the file cannot be opened.
    package func start() async throws {
        try file.withLock { try $0.open() }
    }

    /// Writes events; camera states and scores are not part of the file.
    package func deliver(_ message: SinkMessage) async throws {
        guard case .event(let event) = message else { return }
        let line = try EventJSON.encode(event)
        try file.withLock { try $0.append(line: line) }
    }

    package func stop(within limit: Duration) async {
        file.withLock { $0.close() }
    }
}
