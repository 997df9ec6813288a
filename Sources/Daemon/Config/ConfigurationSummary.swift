import Foundation
import Pipeline

/// What `config check` says about a configuration that is in order.
struct ConfigurationSummary {
    private let configuration: Configuration
    private let modelDirectory: String

    /// Throws `SettingsError` if the model does not exist or a plugin refuses its block.
    init(_ configuration: Configuration) throws {
        self.configuration = configuration
        modelDirectory = try configuration.modelDirectory()
        let cameras = configuration.cameras.map { camera in
            SinkContext.Camera(name: camera.name, labels: (camera.actions ?? configuration.actions ?? []).map(\.label))
        }
        _ = try configuration.makeSinks(
            SinkContext(
                instance: configuration.instance, version: ClaverdVersion.current, cameras: cameras, report: { _ in }))
    }

    var text: String {
        let cameras = configuration.cameras.map { camera in
            let actions =
                (camera.actions ?? configuration.actions).map { "\($0.count) actions" } ?? "the model's actions"
            let state = camera.enabled ? "" : ", switched off"
            return [
                "camera", camera.name, camera.shownSource.escapedForLog,
                "every \(camera.sampling.every.settingText), hop \(camera.sampling.hop), \(actions)\(state)",
            ]
        }
        let rows =
            [["model", configuration.model, modelDirectory]] + cameras + configuration.sinks.map { ["sink", $0.kind] }
        return "\(configuration.file): ok\n" + Self.table(rows)
    }

    var document: JSONText {
        .object([
            ("ok", .bool(true)),
            ("file", .text(configuration.file)),
            ("model", .object([("name", .text(configuration.model)), ("directory", .text(modelDirectory))])),
            (
                "cameras",
                .list(
                    configuration.cameras.map { camera in
                        .object([
                            ("name", .text(camera.name)), ("source", .text(camera.shownSource)),
                            ("enabled", .bool(camera.enabled)), ("every", .text(camera.sampling.every.settingText)),
                            ("hop", .integer(camera.sampling.hop)),
                            (
                                "actions",
                                (camera.actions ?? configuration.actions).map { .list($0.map { .text($0.label) }) }
                                    ?? .null
                            ),
                        ])
                    })
            ),
            ("sinks", .list(configuration.sinks.map { .text($0.kind) })),
            ("warnings", .list(configuration.warnings.map(JSONText.text))),
        ])
    }

    static func document(of error: SettingsError) -> JSONText {
        .object([
            ("ok", .bool(false)),
            ("file", .text(error.file)),
            ("line", error.mark.map { .integer($0.line) } ?? .null),
            ("column", error.mark.map { .integer($0.column) } ?? .null),
            ("path", .text(error.path)),
            ("reason", .text(error.reason)),
        ])
    }

    /// Rows with their columns aligned, the last one ragged.
    private static func table(_ rows: [[String]]) -> String {
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in rows.map { $0.count > column ? $0[column].count : 0 }.max() ?? 0 }
        return rows.map { row in
            row.enumerated().map { column, cell in
                column == row.count - 1 ? cell : cell.padding(toLength: widths[column], withPad: " ", startingAt: 0)
            }
            .joined(separator: "  ")
        }
        .joined(separator: "\n")
    }
}
