import Pipeline

/// One destination of events: the plugin's kind and its own block, which the plugin itself reads.
struct SinkSettings: Sendable, Equatable {
    /// The plugin's key, `mqtt`.
    let kind: String
    /// The plugin's block, secrets resolved.
    let block: SettingsNode
    /// Key path of the block, `sinks[0].mqtt`.
    let path: String

    /// The block as the plugin takes it. Throws `SettingsError` for keys that the plugin does not have.
    func reader(file: String, keys: [SettingKey]) throws -> SettingsReader {
        try SettingsReader(block, file: file, path: path, keys: keys.map(\.name))
    }

    /// - Parameter node: a mapping with the kind as its only key.
    init(_ node: SettingsNode, file: String, path: String, plugins: [any EventSink.Type]) throws {
        let kinds = plugins.map { $0.kind }
        guard case .mapping(let entries, _) = node, entries.count == 1 else {
            throw SettingsError(
                file: file, mark: node.mark, path: path,
                reason: "expected a mapping with one key, one of \(kinds.joined(separator: ", "))")
        }
        let entry = entries[0]
        guard let plugin = plugins.first(where: { $0.kind == entry.key }) else {
            let near = SettingsReader.nearest(to: entry.key, among: kinds)
            throw SettingsError(
                file: file, mark: entry.keyMark, path: path,
                reason: "unknown sink \"\(entry.key.escapedForLog)\"" + (near.map { "; did you mean \"\($0)\"?" } ?? "")
                    + " Accepted: \(kinds.joined(separator: ", "))")
        }
        kind = entry.key
        self.path = "\(path).\(kind)"
        // `- log:` alone is a sink with every default.
        if case .scalar("", false, let mark) = entry.value {
            block = .mapping([], at: mark)
        } else {
            block = entry.value
        }
        _ = try reader(file: file, keys: plugin.keys)
    }

    /// The sink itself, not started. Throws `SettingsError` for whatever the plugin finds wrong with its block.
    func sink(file: String, plugins: [any EventSink.Type], context: SinkContext) throws -> any EventSink {
        guard let plugin = plugins.first(where: { $0.kind == kind }) else {
            throw SettingsError(file: file, mark: block.mark, path: path, reason: "unknown sink \"\(kind)\"")
        }
        return try plugin.init(settings: reader(file: file, keys: plugin.keys), context: context)
    }

    init(kind: String, path: String) {
        self.kind = kind
        self.path = path
        block = .mapping([], at: SettingsMark(line: 1, column: 1))
    }
}
