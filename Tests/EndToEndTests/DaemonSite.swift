import Foundation
import TestSupport

/// A folder in which a test runs `claverd`: its configuration, state and cache. Removed with its owner.
final class DaemonSite: Sendable {
    let folder: URL

    /// The clip that comes with claverd.
    static let sample = packageRoot.appending(path: "etc/demo/sample.mp4").path

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "claverd-site-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func path(_ name: String) -> String { folder.appending(path: name).path }

    /// Writes a file and returns its path.
    @discardableResult
    func write(_ name: String, _ bytes: some Sequence<UInt8>) throws -> String {
        try Data(bytes).write(to: folder.appending(path: name))
        return path(name)
    }

    /// Writes the configuration: the demo model, all scores and events on standard output as JSON, and `lines`.
    func configure(
        _ lines: String, model: String = "demo", sinks: String = "[{log: {format: json, scores: true}}]"
    ) throws {
        let head = "model: \(model)\ninstance: site\nstate: state\ncache: cache\nsinks: \(sinks)\n"
        try write("claverd.yaml", (head + lines).utf8)
    }

    /// Starts `claverd run` on the configuration; standard error goes to `errors`.
    func start(environment: [String: String] = [:]) throws -> RunningProgram {
        try RunningProgram(
            builtClaverd, ["run", path("claverd.yaml")],
            environment: ProcessInfo.processInfo.environment.merging(environment) { $1 }, separatesErrors: true)
    }
}
