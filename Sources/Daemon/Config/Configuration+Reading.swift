import Foundation
import Pipeline
import Plugins
import Recognizer

extension Configuration {
    static let keys = [
        "model", "instance", "actions", "ignore", "templates", "sampling", "gate", "events", "cameras", "sinks",
        "workers",
        "precision",
        "state", "cache", "allow", "log",
    ]

    /// Reads a file. Throws `SettingsError` for whatever is wrong, with its place.
    init(file: String, environment: ConfigurationEnvironment = .current) throws {
        try self.init(YAMLDocument(file: file).root, file: file, environment: environment)
    }

    /// - Parameters:
    ///   - written: the tree as written, secrets unresolved.
    ///   - file: names the file in messages; its directory is where relative paths start.
    init(_ written: SettingsNode, file: String, environment: ConfigurationEnvironment) throws {
        var references = SecretReferences(environment: environment, file: file)
        let resolved = try references.resolve(written)
        do {
            try self.init(
                SettingsReader(resolved, file: file, path: "", keys: Self.keys), written: written,
                references: references, environment: environment)
        } catch let error as SettingsError {
            throw references.redactor.redacted(error)
        }
    }

    private init(
        _ reader: SettingsReader, written: SettingsNode, references: SecretReferences,
        environment: ConfigurationEnvironment
    ) throws {
        file = reader.file
        self.written = written
        redactor = references.redactor
        warnings = references.warnings
        let base = URL(filePath: file).deletingLastPathComponent().path
        directory = base
        modelPath = ModelPath(configurationDirectory: base, environment: environment)

        model = try reader.requiredText("model")
        guard !model.isEmpty, !model.unicodeScalars.contains("\0") else {
            throw reader.error("model", "expected a directory or the name of a model")
        }
        instance = try reader.text("instance") ?? environment.instance
        if let reason = CameraSettings.objection(toName: instance) { throw reader.error("instance", reason) }
        actions = try reader.actions("actions")
        ignore = try reader.lines("ignore")
        templates = try reader.lines("templates")
        for (index, template) in (templates ?? []).enumerated() where template.ranges(of: "{}").count != 1 {
            throw SettingsError(
                file: file, mark: written.mark(ofNearest: "templates[\(index)]"), path: "templates[\(index)]",
                reason: "expected one {} where the action goes, found \"\(template.escapedForLog)\"")
        }
        sampling = try SamplingSettings(reader.block("sampling", keys: SamplingSettings.keys))
        gate = try GateSettings(reader, inherited: .off)
        events = try EventSettings(reader.block("events", keys: EventSettings.keys))
        cameras = try Self.cameras(reader, written: written, base: base, sampling: sampling, gate: gate, events: events)
        sinks =
            try reader.list("sinks")?.enumerated().map {
                try SinkSettings($1, file: reader.file, path: "sinks[\($0)]")
            } ?? [SinkSettings(LogSink.self, path: "sinks[0].log")]
        workers = try reader.integer("workers", in: 1...1024) ?? max(1, environment.processorCount)
        precision = try reader.choice("precision") ?? .auto
        stateDirectory = try reader.directory("state", base: base) ?? environment.stateDirectory
        cacheDirectory = try reader.directory("cache", base: base) ?? environment.cacheDirectory
        allowedFiles = try reader.block("allow", keys: ["files"])?.directories("files", base: base) ?? ["/"]
        logLevel = try reader.block("log", keys: ["level"])?.choice("level") ?? .info
        try checkSources()
        try checkRules()
        try checkLabels()
    }

    private static func cameras(
        _ reader: SettingsReader, written: SettingsNode, base: String, sampling: SamplingSettings, gate: GateSettings,
        events: EventSettings
    ) throws -> [CameraSettings] {
        guard let nodes = try reader.list("cameras"), !nodes.isEmpty else {
            throw reader.error("cameras", "at least one camera is required")
        }
        var cameras: [CameraSettings] = []
        for (index, node) in nodes.enumerated() {
            let path = "cameras[\(index)]"
            let inner = try SettingsReader(node, file: reader.file, path: path, keys: CameraSettings.keys)
            let camera = try CameraSettings(
                inner, written: written.nearest(path), base: base, sampling: sampling, gate: gate,
                events: events)
            if let other = cameras.first(where: { $0.name == camera.name }) {
                let line = written.mark(ofNearest: "\(other.path).name").line
                throw inner.error(
                    "name", "\"\(camera.name.escapedForLog)\" is also the name of \(other.path) in line \(line)")
            }
            cameras.append(camera)
        }
        return cameras
    }

    /// At least one camera is enabled, and a file lies in an allowed directory, links followed.
    private func checkSources() throws {
        guard cameras.contains(where: \.enabled) else {
            throw error(at: "cameras", "no camera is enabled, so there is nothing to do")
        }
        let roots = allowedFiles.map { URL(filePath: $0).resolvingSymlinksInPath().path }
        for camera in cameras {
            guard case .file(let path) = camera.source else { continue }
            let real = URL(filePath: path).resolvingSymlinksInPath().path
            guard roots.contains(where: { $0 == "/" || real == $0 || real.hasPrefix($0 + "/") }) else {
                let allowed = allowedFiles.joined(separator: ", ")
                throw error(
                    at: "\(camera.path).source", "\(path) is outside the directories that allow.files names: \(allowed)"
                )
            }
        }
    }

    /// An action's own `enter` and `exit` must still fit together once the camera's rules fill the gaps.
    private func checkRules() throws {
        for camera in cameras {
            let own = camera.actions != nil
            for (index, action) in (camera.actions ?? actions ?? []).enumerated() {
                guard let reason = action.overrides.applied(to: camera.events).contradiction else { continue }
                let path = (own ? "\(camera.path)." : "") + "actions[\(index)]"
                throw error(at: path, "on camera \"\(camera.name.escapedForLog)\" \(reason)")
            }
        }
    }

    /// What can be told without the model: clashes of slugs, and a single label with nothing beside it.
    private func checkLabels() throws {
        for camera in cameras where (camera.actions ?? actions) != nil {
            // Without an `ignore` of its own the model's joins later; here a stand-in competes.
            let ignoreIsKnown = (camera.ignore ?? ignore) != nil
            _ = try labels(of: camera, modelLabels: [], modelIgnored: ignoreIsKnown ? [] : ["\u{1}"])
        }
    }
}

extension SettingsReader {
    fileprivate func list<T>(_ key: String, _ read: (SettingsNode, _ path: String) throws -> T) throws -> [T]? {
        guard let nodes = try list(key) else { return nil }
        return try nodes.enumerated().map { try read($1, "\(path(of: key))[\($0)]") }
    }

    /// A list of actions, at least one.
    func actions(_ key: String) throws -> [ActionSettings]? {
        let actions = try list(key) { try ActionSettings($0, file: file, path: $1) }
        if actions?.isEmpty == true { throw error(key, "expected at least one action") }
        return actions
    }

    /// A list of one-line texts.
    func lines(_ key: String) throws -> [String]? {
        try list(key) { node, path in
            guard case .scalar(let text, _, let mark) = node else {
                throw SettingsError(file: file, mark: node.mark, path: path, reason: "expected text")
            }
            try ActionSettings.check(text, file: file, mark: mark, path: path)
            return text
        }
    }

    /// A path, made absolute.
    func directory(_ key: String, base: String) throws -> String? {
        guard let text = try text(key) else { return nil }
        guard !text.isEmpty else { throw error(key, "expected a directory") }
        return URL(filePath: text, relativeTo: URL(filePath: base, directoryHint: .isDirectory)).path
    }

    func directories(_ key: String, base: String) throws -> [String]? {
        try lines(key)?.map { URL(filePath: $0, relativeTo: URL(filePath: base, directoryHint: .isDirectory)).path }
    }
}
