import Foundation
import Pipeline
import Yams

/// Writes a `SettingsNode` tree as YAML or JSON.
enum SettingsWriter {
    /// Block style, two spaces, text quoted wherever YAML could take it for something else.
    static func yaml(_ node: SettingsNode) throws -> String {
        try Yams.serialize(node: yamlNode(node), indent: 2, width: -1, allowUnicode: true)
    }

    /// Unquoted scalars that read as a number or truth value become one; everything else is text.
    static func json(_ node: SettingsNode) -> JSONText {
        switch node {
        case .scalar("true", false, _): .bool(true)
        case .scalar("false", false, _): .bool(false)
        case .scalar(let text, false, _): number(text) ?? .text(text)
        case .scalar(let text, true, _): .text(text)
        case .sequence(let items, _): .list(items.map(json))
        case .mapping(let entries, _): .object(entries.map { ($0.key, json($0.value)) })
        }
    }

    private static func number(_ text: String) -> JSONText? {
        if let integer = Int(text) { return .integer(integer) }
        return Double(text).flatMap { $0.isFinite ? .number($0) : nil }
    }

    private static func yamlNode(_ node: SettingsNode) -> Node {
        switch node {
        case .scalar(let text, let quoted, _):
            let plain = !quoted || isPlain(text)
            return .scalar(.init(text, Tag(.implicit), plain ? .plain : .doubleQuoted))
        case .sequence(let items, _):
            return .sequence(.init(items.map(yamlNode), Tag(.implicit), items.isEmpty ? .flow : .block))
        case .mapping(let entries, _):
            return .mapping(
                .init(
                    entries.map { (Node.scalar(.init($0.key, Tag(.implicit))), yamlNode($0.value)) }, Tag(.implicit),
                    entries.isEmpty ? .flow : .block))
        }
    }

    /// True for words and paths that no YAML reader takes for a number, a truth value or nothing.
    private static func isPlain(_ text: String) -> Bool {
        let words: Set<String> = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"]
        return text.wholeMatch(of: /[A-Za-z\/][A-Za-z0-9_.\/ -]*/) != nil && text.last != " "
            && !words.contains(text.lowercased())
    }
}

/// JSON with its keys in the order given.
indirect enum JSONText {
    case text(String)
    case integer(Int)
    case number(Double)
    case bool(Bool)
    case null
    case list([JSONText])
    case object([(String, JSONText)])

    static func optional(_ text: String?) -> JSONText { text.map(JSONText.text) ?? .null }

    /// Two spaces of indentation, no trailing line break.
    var pretty: String { written(indent: "") }

    private func written(indent: String) -> String {
        let inner = indent + "  "
        switch self {
        case .text(let text): return Self.quoted(text)
        case .integer(let value): return "\(value)"
        case .number(let value): return value.isFinite ? "\(value)" : "null"
        case .bool(let value): return "\(value)"
        case .null: return "null"
        case .list(let items):
            guard !items.isEmpty else { return "[]" }
            return "[\n" + items.map { inner + $0.written(indent: inner) }.joined(separator: ",\n") + "\n\(indent)]"
        case .object(let entries):
            guard !entries.isEmpty else { return "{}" }
            return "{\n"
                + entries.map { "\(inner)\(Self.quoted($0)): \($1.written(indent: inner))" }.joined(separator: ",\n")
                + "\n\(indent)}"
        }
    }

    private static func quoted(_ text: String) -> String {
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\t": out += "\\t"
            case "\u{0}"..."\u{1f}", "\u{7f}"..."\u{9f}", "\u{2028}", "\u{2029}":
                let digits = String(scalar.value, radix: 16)
                out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out + "\""
    }
}
