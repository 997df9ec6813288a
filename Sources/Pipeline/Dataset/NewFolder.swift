import Foundation

/// A folder being filled beside its place; without `commit` it leaves nothing.
package final class NewFolder {
    private let path: String
    private let temporary: String
    private var isCommitted = false

    /// Throws `DatasetError` if there is anything at `path` but an empty folder that can be replaced, before anything is made.
    package static func requireUnused(_ path: String) throws(DatasetError) {
        guard access(path, F_OK) == 0 else { return }
        guard let content = try? FileManager.default.contentsOfDirectory(atPath: path) else {
            throw .io(path: path, operation: .create, reason: "it exists and is no folder")
        }
        guard content.isEmpty else {
            throw .io(path: path, operation: .create, reason: "the folder exists and is not empty")
        }
        var (folder, above) = (stat(), stat())
        if stat(path, &folder) == 0, stat(path + "/..", &above) == 0, folder.st_dev != above.st_dev {
            throw .io(path: path, operation: .create, reason: "something is mounted there; say a folder in it")
        }
    }

    package init(_ path: String) throws(DatasetError) {
        try Self.requireUnused(path)
        // An empty folder may be said as a link or as `.`.
        let real = realpath(path, nil)
        defer { free(real) }
        var trimmed = real.map { String(cString: $0) } ?? path
        while trimmed.count > 1, trimmed.last == "/" { trimmed.removeLast() }
        self.path = trimmed
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
