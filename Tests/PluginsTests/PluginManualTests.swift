import Foundation
import Pipeline
import Testing

@testable import Plugins

/// `docs/plugins.md` says of every plugin what its keys are, and nothing else.
@Suite struct PluginManualTests {
    /// Rows of a block of the manual: names in the first column of the table below the heading.
    private func rows(below heading: String) throws -> [String: [String]] {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "../../docs/plugins.md")
        let lines = try String(contentsOf: file.standardizedFileURL, encoding: .utf8).components(separatedBy: "\n")
        let start = try #require(lines.firstIndex(of: heading), "docs/plugins.md has no \"\(heading)\"")
        let table = lines[(start + 1)...].prefix { !$0.hasPrefix("#") }.filter { $0.hasPrefix("| `") }
        return Dictionary(
            uniqueKeysWithValues: table.map { row in
                let cells = row.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
                return (cells[0].replacingOccurrences(of: "`", with: ""), Array(cells.dropFirst()))
            })
    }

    private func expectSame(_ keys: [SettingKey], _ heading: String) throws {
        let rows = try rows(below: heading)
        #expect(Set(rows.keys) == Set(keys.map(\.name)), "\(heading)")
        for key in keys {
            #expect(rows[key.name] == [key.accepts, key.standard ?? "required", key.meaning], "\(heading) \(key.name)")
        }
    }

    @Test func hasATableForEveryPlugin() throws {
        for sink in BuiltinPlugins.sinks { try expectSame(sink.keys, "## `\(sink.kind)`") }
        try expectSame(MQTTSink.tlsKeys, "### `tls` of `mqtt`")
        try expectSame(MQTTSink.topKeys, "### `top` of `mqtt`")
    }

    @Test func describesNoOtherPlugin() throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "../../docs/plugins.md")
        let lines = try String(contentsOf: file.standardizedFileURL, encoding: .utf8).components(separatedBy: "\n")
        let headings = lines.filter { $0.hasPrefix("## `") }
        #expect(headings == BuiltinPlugins.sinks.map { "## `\($0.kind)`" })
    }

    @Test func kindsAndKeysAreUnique() {
        let kinds = BuiltinPlugins.sinks.map { $0.kind }
        #expect(Set(kinds).count == kinds.count)
        for sink in BuiltinPlugins.sinks { #expect(Set(sink.keys.map(\.name)).count == sink.keys.count) }
    }
}
