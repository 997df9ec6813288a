import Foundation

/// A folder being filled beside its place; without `commit` it leaves nothing.
package final class NewFolder {
    private let path: String
    private let temporary: String
    private var isCommitted = false

    /// Throws `DatasetError` if there is anything at `path` but an empty folder, before anything is made.
    package static func requireUnused(_ path: String) throws(DatasetError) {
        guard access(path, F_OK) == 0 else { return }
        guard let content = try? FileManager.default.contentsOfDirectory(atPath: path) else {
            throw .io(path: path, operation: .create, reason: "it exists and is no folder")
        }
        guard content.isEmpty else {
            throw .io(path: path, operation: .create, reason: "the folder exists and is not empty")
        }
    }

    package init(_ path: String) throws(DatasetError) {
        try Self.requireUnused(path)
        var trimmed = path[...]
        while trimmed.count > 1, trimmed.last == "/" { trimmed = trimmed.dropLast() }
        self.path = String(trimmed)
        temporary = "\(trimmed).partial-\(getpid())"
        guard mkdir(temporary, 0o755) == 0 else {
            throw .io(path: path, operation: .create, reason: FileKind.reason())
        }
    }

    deinit {
        if !isCommitted { try? FileManager.default.removeItem(atPath: temporary) }
    }

    package func write(_ text: String, as name: String) throws(DatasetError) {
        do {
            try Data(text.utf8).write(to: URL(filePath: "\(temporary)/\(name)"))
        } catch {
            throw .io(path: "\(path)/\(name)", operation: .write, reason: error.localizedDescription)
        }
    }

    /// Where a file or folder lies until the commit.
    package func path(of name: String) -> String { "\(temporary)/\(name)" }

    /// Makes a folder in it.
    package func makeFolder(_ name: String) throws(DatasetError) {
        guard mkdir(path(of: name), 0o755) == 0 else {
            throw .io(path: "\(path)/\(name)", operation: .create, reason: FileKind.reason())
        }
    }

    package func commit() throws(DatasetError) {
        guard rename(temporary, path) == 0 else {
            throw .io(path: path, operation: .create, reason: FileKind.reason())
        }
        isCommitted = true
    }
}
