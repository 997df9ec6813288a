import Foundation

/// Where a model is looked for: a name with a `/` is a directory, any other is looked up in the directories in turn.
struct ModelPath: Sendable, Equatable {
    let directories: [String]
    private let base: String

    /// - Parameter configurationDirectory: what relative directories start from, and the first place looked in.
    init(configurationDirectory: String, environment: ConfigurationEnvironment) {
        base = configurationDirectory
        let listed = environment.variables["CLAVERD_MODEL_PATH"]?.split(separator: ":").map(String.init) ?? []
        let bin = URL(filePath: environment.executable).deletingLastPathComponent()
        // A program run from its package finds `etc/models` above it, an installed one `../share` beside it.
        var packages: [String] = []
        var ancestor = bin
        while ancestor.path != "/", packages.isEmpty {
            if FileManager.default.fileExists(atPath: ancestor.appending(path: "Package.swift").path) {
                packages = [ancestor.appending(path: "etc/models").path]
            }
            ancestor = ancestor.deletingLastPathComponent()
        }
        let shared = bin.deletingLastPathComponent().appending(path: "share/claverd/models").path
        var seen: Set<String> = []
        directories = ([base] + listed + packages + [shared, "/usr/share/claverd/models", "/etc/claverd/models"])
            .filter { seen.insert($0).inserted }
    }

    /// The model's directory. Throws `ModelPathError` that says where was looked and what there is.
    func find(_ name: String) throws(ModelPathError) -> String {
        if name.contains("/") {
            let path = URL(filePath: name, relativeTo: URL(filePath: base, directoryHint: .isDirectory)).path
            guard Self.isModel(path) else { throw ModelPathError(name: name, searched: [path], found: []) }
            return path
        }
        for directory in directories where Self.isModel("\(directory)/\(name)") { return "\(directory)/\(name)" }
        throw ModelPathError(name: name, searched: directories, found: models)
    }

    /// Names of all models on the path.
    private var models: [String] {
        let names = directories.flatMap { directory in
            ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? [])
                .filter { Self.isModel("\(directory)/\($0)") }
        }
        return Set(names).sorted()
    }

    private static func isModel(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: path + "/config.json")
    }
}

/// No model directory (one with a `config.json`) has the name.
struct ModelPathError: Error, Equatable, CustomStringConvertible {
    let name: String
    let searched: [String]
    let found: [String]

    var description: String {
        "no model \"\(name)\" (a directory with a config.json) in \(searched.joined(separator: ", "))"
            + (found.isEmpty ? "" : "; there are: \(found.joined(separator: ", "))")
    }
}
