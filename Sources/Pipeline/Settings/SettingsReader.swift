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
                reason: "expected a mapping with the keys \(keys.joined(separator: ", "))")
        }
        var entries: [String: SettingsNode.Entry] = [:]
        for entry in list {
            guard keys.contains(entry.key) else {
                let near = Self.nearest(to: entry.key, among: keys)
                throw SettingsError(
                    file: file, mark: entry.keyMark, path: path,
                    reason: "unknown key \"\(entry.key.escapedForLog)\""
                        + (near.map { "; did you mean \"\($0)\"?" } ?? "")
                        + " Accepted: \(keys.joined(separator: ", "))")
            }
            guard entries.updateValue(entry, forKey: entry.key) == nil else {
                throw SettingsError(file: file, mark: entry.keyMark, path: path, reason: "key \"\(entry.key)\" is given twice")
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

    package func text(_ key: String) throws -> String? {
        guard let node = node(key) else { return nil }
        guard case .scalar(let value, _, _) = node else { throw error(key, "expected text") }
        return value
    }

    package func requiredText(_ key: String) throws -> String {
        guard let value = try text(key) else { throw error(key, "missing; this key is required") }
        return value
    }

    package func bool(_ key: String) throws -> Bool? {
        guard let node = node(key) else { return nil }
        switch node {
        case .scalar("true", false, _): return true
        case .scalar("false", false, _): return false
        default: throw error(key, "expected true or false")
        }
    }

    package func integer(_ key: String, in range: ClosedRange<Int>) throws -> Int? {
        guard let node = node(key) else { return nil }
        guard case .scalar(let text, false, _) = node, let value = Int(text), range.contains(value) else {
            throw error(key, "expected a whole number in \(range.lowerBound)...\(range.upperBound)")
        }
        return value
    }

    package func number(_ key: String, in range: ClosedRange<Double>) throws -> Double? {
        guard let node = node(key) else { return nil }
        guard case .scalar(let text, false, _) = node, let value = Double(text), range.contains(value) else {
            throw error(key, "expected a number in \(range.lowerBound)...\(range.upperBound)")
        }
        return value
    }

    /// A duration written with its unit: `300ms`, `2s`, `1.5s`, `5m`, `1h`.
    package func duration(_ key: String, in range: ClosedRange<Duration>) throws -> Duration? {
        guard let node = node(key) else { return nil }
        guard case .scalar(let text, _, _) = node, let value = Self.duration(from: text), range.contains(value) else {
            throw error(key, "expected a duration with its unit, such as 300ms or 2s, in \(range.lowerBound)...\(range.upperBound)")
        }
        return value
    }

    package func choice<T: RawRepresentable & CaseIterable>(_ key: String, _: T.Type = T.self) throws -> T?
    where T.RawValue == String {
        guard let text = try text(key) else { return nil }
        guard let value = T(rawValue: text) else {
            throw error(key, "expected one of \(T.allCases.map(\.rawValue).joined(separator: ", ")), found \"\(text.escapedForLog)\"")
        }
        return value
    }

    package func list(_ key: String) throws -> [SettingsNode]? {
        guard let node = node(key) else { return nil }
        guard case .sequence(let items, _) = node else { throw error(key, "expected a list") }
        return items
    }

    package func block(_ key: String, keys: [String]) throws -> SettingsReader? {
        try node(key).map { try SettingsReader($0, file: file, path: path(of: key), keys: keys) }
    }

    package static func duration(from text: String) -> Duration? {
        let units: [(String, Double)] = [("ms", 1e-3), ("s", 1), ("m", 60), ("h", 3600)]
        for (unit, seconds) in units where text.hasSuffix(unit) {
            let digits = text.dropLast(unit.count)
            guard let value = Double(digits), value.isFinite, value >= 0, digits.allSatisfy({ $0.isNumber || $0 == "." })
            else { return nil }
            let total = value * seconds
            return total < 1e9 ? .nanoseconds(Int64((total * 1e9).rounded())) : nil
        }
        return nil
    }

    /// The accepted key with the fewest edits, if there is one within two (or a third of the word).
    package static func nearest(to word: String, among keys: [String]) -> String? {
        let limit = max(2, word.count / 3)
        return keys.map { ($0, editDistance(word, $0)) }.filter { $0.1 <= limit }.min { $0.1 < $1.1 }?.0
    }

    private static func editDistance(_ a: String, _ b: String) -> Int {
        let (a, b) = (Array(a.prefix(64)), Array(b))
        var row = Array(0...b.count)
        for i in a.indices {
            var diagonal = row[0]
            row[0] = i + 1
            for j in b.indices {
                let substitute = diagonal + (a[i] == b[j] ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(substitute, row[j] + 1, row[j + 1] + 1)
            }
        }
        return row[b.count]
    }
}

extension String {
    /// One printable line: control characters (line breaks, escapes) become `\u{..}`; at most 300 characters.
    package var escapedForLog: String {
        var out = ""
        for scalar in unicodeScalars.prefix(300) {
            if scalar.properties.generalCategory == .control || scalar.properties.generalCategory == .format
                || scalar.value == 0x2028 || scalar.value == 0x2029
            {
                out += "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                out.unicodeScalars.append(scalar)
            }
        }
        return out
    }
}
