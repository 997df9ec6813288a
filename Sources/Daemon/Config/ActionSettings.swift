import Pipeline

/// An action to recognise: the text the model reads, the label that events carry, and rules of its own.
struct ActionSettings: Sendable, Equatable {
    var text: String
    var label: String
    var overrides: EventOverrides

    init(text: String, label: String? = nil, overrides: EventOverrides = EventOverrides()) {
        self.text = text
        self.label = label ?? text
        self.overrides = overrides
    }

    static let keys = ["text", "label"] + EventOverrides.keys

    /// Plain text, or a mapping with `text` and whatever differs.
    init(_ node: SettingsNode, file: String, path: String) throws {
        if case .scalar(let text, _, let mark) = node {
            try Self.check(text, file: file, mark: mark, path: path)
            self.init(text: text)
            return
        }
        guard case .mapping = node else {
            throw SettingsError(
                file: file, mark: node.mark, path: path,
                reason: "expected text, or a mapping with the keys \(Self.keys.joined(separator: ", "))")
        }
        let reader = try SettingsReader(node, file: file, path: path, keys: Self.keys)
        let text = try reader.requiredText("text")
        try Self.check(text, file: file, mark: reader.node("text")?.mark, path: reader.path(of: "text"))
        let label = try reader.text("label")
        if let label {
            try Self.check(label, file: file, mark: reader.node("label")?.mark, path: reader.path(of: "label"))
        }
        self.init(text: text, label: label, overrides: try EventOverrides(reader))
    }

    /// Throws unless `text` is one line that says something.
    static func check(_ text: String, file: String, mark: SettingsMark?, path: String) throws {
        let trimmed = text.filter { !$0.isWhitespace }
        let reason: String? =
            if trimmed.isEmpty { "expected text, found nothing" } else if text.count > 512 {
                "\(text.count) characters, at most 512 are accepted"
            } else if text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) {
                "a control character in \"\(text.escapedForLog)\""
            } else { nil }
        if let reason { throw SettingsError(file: file, mark: mark, path: path, reason: reason) }
    }
}

/// The labels of one camera: actions that raise events, and labels that only compete for the score.
struct LabelSet: Sendable, Equatable {
    let actions: [ActionSettings]
    let ignored: [String]

    /// Throws if nothing is to be recognised, nothing competes, or two labels share a slug or a text.
    init(actions: [ActionSettings], ignored: [String]) throws(LabelSetError) {
        var owners: [String: String] = [:]
        for label in actions.map(\.label) + ignored {
            if let other = owners.updateValue(label, forKey: Slug.make(from: label)) {
                throw .sameSlug(other, label, slug: Slug.make(from: label))
            }
        }
        var texts: Set<String> = []
        for text in actions.map(\.text) + ignored where !texts.insert(text).inserted { throw .sameText(text) }
        guard !actions.isEmpty else { throw .noAction }
        guard actions.count + ignored.count > 1 else { throw .nothingCompetes(actions[0].label) }
        self.actions = actions
        self.ignored = ignored
    }
}

enum LabelSetError: Error, Equatable, CustomStringConvertible {
    case sameSlug(String, String, slug: String)
    case sameText(String)
    case noAction
    case nothingCompetes(String)

    var description: String {
        switch self {
        case .sameSlug(let first, let second, let slug):
            "\"\(first.escapedForLog)\" and \"\(second.escapedForLog)\" would both be published as \"\(slug)\";"
                + " give one of them another label"
        case .sameText(let text):
            "the text \"\(text.escapedForLog)\" is given twice, among actions and ignore"
        case .noAction:
            "no action is left to recognise"
        case .nothingCompetes(let label):
            "\"\(label.escapedForLog)\" is the only label, so its score would always be 1;"
                + " add what is seen otherwise under ignore, such as [standing still, empty room]"
        }
    }
}
