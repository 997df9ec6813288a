import Foundation

/// Typed access to one mapping of a configuration tree. Every getter checks type and range and says where a value is wrong.
///
/// Made with the list of keys it accepts: any other key is an error that names the nearest accepted one.
package struct SettingsReader: Sendable {
    package let file: String
    /// Key path of this mapping, empty at the root.
    package let path: String
    package let mark: SettingsMark
    private let entries: [String: SettingsNode.Entry]

    /// Throws `SettingsError` if `node` is no mapping, has a key twice, or has one that `keys` does not name.
    package init(_ node: SettingsNode, file: String, path: String, keys: [String]) throws {
        guard case .mapping(let list, let mark) = node else {
            throw SettingsError(
                file: file, mark: node.mark, path: path,
                reason: "expected a mapping with the keys \(keys.joined(separator: ", ")), found \(node.summary)")
        }
        var entries: [String: SettingsNode.Entry] = [:]
        for entry in list {
            guard keys.contains(entry.key) else {
                let near = Self.nearest(to: entry.key, among: keys)
                throw SettingsError(
                    file: file, mark: entry.keyMark, path: path,
                    reason: "unknown key \"\(entry.key.escapedForLog)\""
                        + (near.map { "; did you mean \"\($0)\"?" } ?? ".")
                        + " Accepted: \(keys.joined(separator: ", "))")
            }
            guard entries.updateValue(entry, forKey: entry.key) == nil else {
                throw SettingsError(
                    file: file, mark: entry.keyMark, path: path, reason: "key \"\(entry.key)\" is given twice")
            }
        }
        self.file = file
        self.path = path
        self.mark = mark
        self.entries = entries
    }

    package func has(_ key: String) -> Bool { entries[key] != nil }

    package func node(_ key: String) -> SettingsNode? { entries[key]?.value }

    /// An error at the place of `key`, or of the mapping when the key is absent.
    package func error(_ key: String, _ reason: String) -> SettingsError {
        SettingsError(file: file, mark: entries[key]?.value.mark ?? mark, path: path(of: key), reason: reason)
    }

    package func path(of key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    /// Any scalar as it is written; an empty one only in quotes.
    package func text(_ key: String) throws -> String? {
        guard let node = node(key) else { return nil }
        guard case .scalar(let value, let quoted, _) = node, quoted || !value.isEmpty else {
            throw mismatch(key, "text")
        }
        return value
    }

    package func requiredText(_ key: String) throws -> String {
        guard let value = try text(key) else { throw error(key, "missing; this key is required") }
        return value
    }

    /// The absolute path of a file; a relative one starts at the directory of the configuration file.
    package func filePath(_ key: String) throws -> String? {
        guard let text = try text(key) else { return nil }
        guard !text.isEmpty, !text.hasSuffix("/"), !text.contains("\0") else {
            throw error(key, "expected the name of a file, found \"\(text.escapedForLog)\"")
        }
        return URL(filePath: text, relativeTo: URL(filePath: file).deletingLastPathComponent()).path
    }

    package func bool(_ key: String) throws -> Bool? {
        guard let node = node(key) else { return nil }
        switch node {
        case .scalar("true", false, _): return true
        case .scalar("false", false, _): return false
        default: throw mismatch(key, "true or false")
        }
    }

    package func integer(_ key: String, in range: ClosedRange<Int>) throws -> Int? {
        guard let node = node(key) else { return nil }
        guard case .scalar(let text, false, _) = node, let value = Int(text), range.contains(value) else {
            let limits =
                range.upperBound == .max
                ? " of at least \(range.lowerBound)" : " in \(Self.text(of: range) { "\($0)" })"
            throw mismatch(key, "a whole number\(limits)")
        }
        return value
    }

    /// A decimal number, with an exponent if need be (`0.5`, `1e-4`).
    package func number(_ key: String, in range: ClosedRange<Double>) throws -> Double? {
        guard let node = node(key) else { return nil }
        guard case .scalar(let text, false, _) = node, text.allSatisfy({ "0123456789+-.eE".contains($0) }),
            let value = Double(text), range.contains(value)
        else {
            throw mismatch(key, "a number in \(Self.text(of: range) { Int(exactly: $0).map(String.init) ?? "\($0)" })")
        }
        return value
    }

    /// A duration written with its unit: `300ms`, `2s`, `1.5s`, `5m`, `1h`.
    package func duration(_ key: String, in range: ClosedRange<Duration>) throws -> Duration? {
        guard let node = node(key) else { return nil }
        guard case .scalar(let text, _, _) = node, let value = Self.duration(from: text), range.contains(value) else {
            throw mismatch(
                key, "a duration with its unit, such as 300ms or 2s, in \(Self.text(of: range, \.settingText))")
        }
        return value
    }

    package func choice<T: RawRepresentable & CaseIterable>(_ key: String, _: T.Type = T.self) throws -> T?
    where T.RawValue == String {
        guard let node = node(key) else { return nil }
        guard case .scalar(let text, _, _) = node, let value = T(rawValue: text) else {
            throw mismatch(key, "one of \(T.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return value
    }

    package func list(_ key: String) throws -> [SettingsNode]? {
        guard let node = node(key) else { return nil }
        guard case .sequence(let items, _) = node else { throw mismatch(key, "a list") }
        return items
    }

    package func block(_ key: String, keys: [String]) throws -> SettingsReader? {
        try node(key).map { try SettingsReader($0, file: file, path: path(of: key), keys: keys) }
    }

    private func mismatch(_ key: String, _ expected: String) -> SettingsError {
        error(key, "expected \(expected)" + (node(key).map { ", found \($0.summary)" } ?? ""))
    }

    private static func text<Bound>(of range: ClosedRange<Bound>, _ text: (Bound) -> String) -> String {
        "\(text(range.lowerBound)) ... \(text(range.upperBound))"
    }
}
