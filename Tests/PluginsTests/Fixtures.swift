import Foundation
import Pipeline

@testable import Plugins

/// A value of a configuration as tests write it down.
enum SettingValue: ExpressibleByStringLiteral, ExpressibleByDictionaryLiteral {
    case text(String)
    case mapping([(String, SettingValue)])

    init(stringLiteral value: String) { self = .text(value) }
    init(dictionaryLiteral elements: (String, SettingValue)...) { self = .mapping(elements) }

    var node: SettingsNode {
        let mark = SettingsMark(line: 1, column: 1)
        switch self {
        case .text(let text): return .scalar(text, quoted: false, at: mark)
        case .mapping(let pairs):
            return .mapping(
                pairs.map { SettingsNode.Entry(key: $0.0, keyMark: mark, value: $0.1.node) }, at: mark)
        }
    }

    /// Reads the value as the block of a sink.
    func reader(for sink: any EventSink.Type) throws -> SettingsReader {
        try SettingsReader(node, file: "claverd.yaml", path: "sinks[0].\(sink.kind)", keys: sink.keys.map(\.name))
    }
}

extension SinkContext {
    /// Two cameras; reports go to `report`.
    static func example(report: @escaping @Sendable (SinkReport) -> Void = { _ in }) -> SinkContext {
        SinkContext(
            instance: "office", version: "1.0",
            cameras: [
                Camera(name: "lobby", labels: ["waving", "falling down"]),
                Camera(name: "dock", labels: ["a forklift reversing"]),
            ],
            report: report)
    }
}

extension ActionEvent {
    static func example(
        _ type: Kind, seq: UInt64, id: String = "01J0000000000000000000000A", camera: String = "lobby",
        label: String = "waving", score: Double = 0.87, start: Double = 2.3, end: Double? = nil,
        reason: EndReason? = nil, late: Bool = false
    ) -> ActionEvent {
        let date = Date(timeIntervalSince1970: 1_700_000_000)
        return ActionEvent(
            id: id, seq: seq, type: type, instance: "office", camera: camera, label: label, score: score,
            topScore: max(score, 0.91), startTime: date, endTime: end.map { date.addingTimeInterval($0 - start) },
            streamStart: start, streamEnd: end,
            window: Window(start: start, end: end ?? start + 2.1), latencyMs: 42, endReason: reason, late: late,
            model: "demo@0123456789ab")
    }
}
