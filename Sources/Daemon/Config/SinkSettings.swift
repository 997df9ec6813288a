import Pipeline
import Plugins

/// One destination of events: the plugin and its own block, which the plugin itself reads.
struct SinkSettings: Sendable {
    private let plugin: any EventSink.Type
    /// The plugin's block, secrets resolved.
    let block: SettingsNode
    /// Key path of the block, `sinks[0].mqtt`.
    let path: String

    /// The plugin's key, `mqtt`.
    var kind: String { plugin.kind }

    /// A sink with every default.
    init(_ plugin: any EventSink.Type, path: String) {
        self.plugin = plugin
        self.path = path
        block = .mapping([], at: SettingsMark(line: 1, column: 1))
    }

    /// - Parameter node: a mapping with the kind as its only key, or the kind alone: a sink with every default.
    init(_ node: SettingsNode, file: String, path: String) throws {
        let kinds = BuiltinPlugins.sinks.map { $0.kind }
        let entry: SettingsNode.Entry
        switch node {
        case .mapping(let entries, _) where entries.count == 1: entry = entries[0]
        case .scalar(let kind, _, let mark):
            entry = SettingsNode.Entry(key: kind, keyMark: mark, value: .mapping([], at: mark))
        default:
            throw SettingsError(
                file: file, mark: node.mark, path: path,
                reason: "expected a mapping with one key, one of \(kinds.joined(separator: ", "))")
        }
        guard let plugin = BuiltinPlugins.sinks.first(where: { $0.kind == entry.key }) else {
            let near = SettingsReader.nearest(to: entry.key, among: kinds)
            throw SettingsError(
                file: file, mark: entry.keyMark, path: path,
                reason: "unknown sink \"\(entry.key.escapedForLog)\""
                    + (near.map { "; did you mean \"\($0)\"?" } ?? ".") + " Accepted: \(kinds.joined(separator: ", "))")
        }
        self.plugin = plugin
        self.path = "\(path).\(entry.key)"
        // `- log:` alone is a sink with every default.
        if case .scalar("", false, let mark) = entry.value {
            block = .mapping([], at: mark)
        } else {
            block = entry.value
        }
        _ = try reader(file: file)
    }

    /// The block as the plugin takes it. Throws `SettingsError` for keys that the plugin does not have.
    func reader(file: String) throws -> SettingsReader {
        try SettingsReader(block, file: file, path: path, keys: plugin.keys.map(\.name))
    }

    /// The sink itself, not started. Throws `SettingsError` for whatever the plugin finds wrong with its block.
    func sink(file: String, context: SinkContext) throws -> any EventSink {
        try plugin.init(settings: reader(file: file), context: context)
    }
}
