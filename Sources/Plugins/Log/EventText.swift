import Foundation
import Pipeline

/// Messages as one line of text for people, in columns. Names and labels are escaped: a line is always one line.
struct EventText {
    /// Widths at which columns line up; longer values push the rest of their line to the right.
    private let cameraWidth: Int
    private let labelWidth: Int
    private let timeZone: TimeZone

    init(cameras: [SinkContext.Camera], timeZone: TimeZone) {
        cameraWidth = min(24, cameras.map { $0.name.escapedForLog.count }.max() ?? 0)
        labelWidth = min(32, cameras.flatMap(\.labels).map { $0.escapedForLog.count }.max() ?? 0)
        self.timeZone = timeZone
    }

    /// `12:03:04.120  lobby  NEW     waving  0.87  0:02.3`, without line break.
    func line(_ message: SinkMessage, at date: Date) -> String {
        "\(clock(date))  \(text(message))"
    }

    /// The line without its time of day.
    func text(_ message: SinkMessage) -> String {
        switch message {
        case .event(let event): text(event)
        case .camera(let name, let state, let reason):
            columns(name, "CAMERA", state.rawValue + (reason.map { ": \($0.escapedForLog)" } ?? ""))
        case .scores(let scores):
            columns(
                scores.camera, "SCORES",
                "\(Self.streamTime(scores.window.end))  "
                    + scores.top.map { "\($0.label.escapedForLog) \(Self.score($0.score))" }.joined(separator: ", ")
                    + (scores.reused == true ? "  (no motion)" : ""))
        }
    }

    private func text(_ event: ActionEvent) -> String {
        let score = Self.score(event.type == .end ? event.topScore : event.score)
        var rest = "\(Self.padded(event.label.escapedForLog, labelWidth))  \(score)  "
        if event.type == .end, let end = event.streamEnd {
            let span = Self.fixed(max(0, end - event.streamStart), digits: 1)
            rest += "\(Self.streamTime(event.streamStart)) ... \(Self.streamTime(end)) (\(span) s)"
        } else {
            rest += Self.streamTime(event.type == .new ? event.streamStart : event.window.end)
        }
        if let reason = event.endReason, reason != .score { rest += "  \(reason.rawValue)" }
        if event.late { rest += "  late" }
        return columns(event.camera, event.type.rawValue.uppercased(), rest)
    }

    private func columns(_ camera: String, _ kind: String, _ rest: String) -> String {
        "\(Self.padded(camera.escapedForLog, cameraWidth))  \(Self.padded(kind, 6))  \(rest)"
    }

    private func clock(_ date: Date) -> String {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = timeZone
        let milliseconds = Int((date.timeIntervalSince1970 * 1000).rounded(.down))
        let whole = Date(timeIntervalSince1970: (Double(milliseconds) / 1000).rounded(.down))
        let parts = calendar.dateComponents([.hour, .minute, .second], from: whole)
        let fraction = ((milliseconds % 1000) + 1000) % 1000
        return [parts.hour, parts.minute, parts.second].map { Self.twoDigits($0 ?? 0) }.joined(separator: ":")
            + "." + Self.padded(fraction, width: 3)
    }

    /// Stream time as `m:ss.s`, or `h:mm:ss.s` from an hour on.
    static func streamTime(_ seconds: Double) -> String {
        guard seconds.isFinite, abs(seconds) < 1e9 else { return "-" }
        let tenths = Int((abs(seconds) * 10).rounded())
        let (minutes, rest) = (tenths / 600, tenths % 600)
        let clock = minutes < 60 ? "\(minutes)" : "\(minutes / 60):\(twoDigits(minutes % 60))"
        return "\(seconds < 0 && tenths > 0 ? "-" : "")\(clock):\(twoDigits(rest / 10)).\(rest % 10)"
    }

    private static func score(_ value: Double) -> String { fixed(value, digits: 2) }

    private static func fixed(_ value: Double, digits: Int) -> String {
        String(format: "%.\(digits)f", value)
    }

    private static func twoDigits(_ value: Int) -> String { padded(value, width: 2) }

    private static func padded(_ value: Int, width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}
