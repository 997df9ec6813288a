import Foundation
import Pipeline

/// A message in journald's native form: one datagram of fields that `journalctl CLAVERD_LABEL=waving -o json` finds again.
struct JournalEntry {
    /// Syslog's levels, as far as messages have them.
    private enum Priority: String {
        case warning = "4"
        case info = "6"
    }

    /// In the order in which they are sent.
    private(set) var fields: [(name: String, value: String)] = []

    /// The identifiers that `journalctl MESSAGE_ID=...` selects by; they never change.
    private static let eventMessageID = "3f0c6f3f2f5b4d0c9a6a6e0d5a1b7c42"
    private static let cameraMessageID = "b4c1f1a97d3e4b6f8e52c07f9d2a6e13"
    private static let scoresMessageID = "7a9d5e2c41b84f0fa3d6c8b1e0f47265"

    /// `text` is the message as people read it, one line.
    init(_ message: SinkMessage, text: String) {
        add("MESSAGE", text)
        switch message {
        case .event(let event):
            head(.info, Self.eventMessageID, type: event.type.rawValue, camera: event.camera)
            add("CLAVERD_LABEL", event.label)
            add("CLAVERD_SCORE", String(format: "%.4f", event.score))
            add("CLAVERD_TOP_SCORE", String(format: "%.4f", event.topScore))
            add("CLAVERD_EVENT_ID", event.id)
            add("CLAVERD_SEQ", String(event.seq))
            add("CLAVERD_STREAM_START", String(format: "%.3f", event.streamStart))
            if let end = event.streamEnd { add("CLAVERD_STREAM_END", String(format: "%.3f", end)) }
            if let reason = event.endReason { add("CLAVERD_END_REASON", reason.rawValue) }
        case .camera(let name, let state, let reason):
            let priority: Priority =
                switch state {
                case .online, .connecting, .disabled: .info
                case .stalled, .offline, .authFailed: .warning
                }
            head(priority, Self.cameraMessageID, type: "camera", camera: name)
            add("CLAVERD_STATE", state.rawValue)
            if let reason { add("CLAVERD_REASON", reason) }
        case .scores(let scores):
            head(.info, Self.scoresMessageID, type: "scores", camera: scores.camera)
            if let first = scores.top.first {
                add("CLAVERD_LABEL", first.label)
                add("CLAVERD_SCORE", String(format: "%.4f", first.score))
            }
            if scores.reused == true { add("CLAVERD_REUSED", "1") }
        }
    }

    /// The datagram: `NAME=value\n`, or for a value with a line break `NAME\n`, its length as 64 bits little-endian, the
    /// value and `\n`.
    var datagram: Data {
        var bytes = Data()
        for (name, value) in fields {
            bytes.append(contentsOf: name.utf8)
            if value.utf8.contains(UInt8(ascii: "\n")) {
                bytes.append(UInt8(ascii: "\n"))
                withUnsafeBytes(of: UInt64(value.utf8.count).littleEndian) { bytes.append(contentsOf: $0) }
            } else {
                bytes.append(UInt8(ascii: "="))
            }
            bytes.append(contentsOf: value.utf8)
            bytes.append(UInt8(ascii: "\n"))
        }
        return bytes
    }

    private mutating func head(_ priority: Priority, _ messageID: String, type: String, camera: String) {
        add("PRIORITY", priority.rawValue)
        add("SYSLOG_IDENTIFIER", "claverd")
        add("MESSAGE_ID", messageID)
        add("CLAVERD_TYPE", type)
        add("CLAVERD_CAMERA", camera)
    }

    private mutating func add(_ name: String, _ value: String) {
        fields.append((name, value))
    }
}
