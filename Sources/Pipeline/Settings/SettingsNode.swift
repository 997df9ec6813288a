/// A place in a configuration file, counted from one.
package struct SettingsMark: Sendable, Equatable {
    package let line: Int
    package let column: Int
    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }
}

/// A configuration tree with the place of every value: what plugins read, whatever format it was written in.
package indirect enum SettingsNode: Sendable, Equatable {
    /// `quoted` scalars are always text.
    case scalar(String, quoted: Bool, at: SettingsMark)
    case sequence([SettingsNode], at: SettingsMark)
    /// In the order of the file.
    case mapping([Entry], at: SettingsMark)

    package struct Entry: Sendable, Equatable {
        package let key: String
        package let keyMark: SettingsMark
        package let value: SettingsNode
        package init(key: String, keyMark: SettingsMark, value: SettingsNode) {
            self.key = key
            self.keyMark = keyMark
            self.value = value
        }
    }

    package var mark: SettingsMark {
        switch self {
        case .scalar(_, _, let mark), .sequence(_, let mark), .mapping(_, let mark): mark
        }
    }

    /// What stands here, in a few words, for errors.
    package var summary: String {
        switch self {
        case .scalar("", quoted: false, _): "nothing"
        case .scalar(let text, quoted: true, _): "the text \"\(text.escapedForLog)\""
        case .scalar(let text, quoted: false, _): "\"\(text.escapedForLog)\""
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }
}

/// One key of a block: its name, what it accepts and what it means.
package struct SettingKey: Sendable, Equatable {
    package let name: String
    /// What is accepted, for people: `text`, `a duration such as 300ms`, `0 ... 1`.
    package let accepts: String
    /// The default as it would be written; nil when the key is required.
    package let standard: String?
    package let meaning: String

    package init(_ name: String, accepts: String, standard: String?, meaning: String) {
        self.name = name
        self.accepts = accepts
        self.standard = standard
        self.meaning = meaning
    }
}

/// A configuration error: what was found, where, and what would be accepted.
package struct SettingsError: Error, Equatable, CustomStringConvertible {
    package let file: String
    package let mark: SettingsMark?
    /// Key path such as `cameras[1].sampling.every`.
    package let path: String
    package let reason: String

    package init(file: String, mark: SettingsMark?, path: String, reason: String) {
        self.file = file
        self.mark = mark
        self.path = path
        self.reason = reason
    }

    package var description: String {
        let place = mark.map { "\(file):\($0.line):\($0.column)" } ?? file
        return path.isEmpty ? "\(place): \(reason)" : "\(place): \(path): \(reason)"
    }
}
