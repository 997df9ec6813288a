import Foundation
import Recognizer

/// A folder being filled beside its place; without `commit` it leaves nothing.
package final class NewFolder {
    private let path: String
    private let temporary: String
    private var isCommitted = false

    /// Throws `DatasetError` if there is anything at `path` but an empty folder that can be replaced, before anything is made.
    package static func requireUnused(_ path: String) throws(DatasetError) {
        if let reason = FileTree.obstacle(toNew: path) { throw .io(path: path, operation: .create, reason: reason) }
    }

    package init(_ path: String) throws(DatasetError) {
        try Self.requireUnused(path)
        self.path = FileTree.place(of: path)
        temporary = "\(self.path).partial-\(getpid())"
        guard mkdir(temporary, 0o755) == 0 else {
            throw .io(path: path, operation: .create, reason: FileKind.reason())
        }
    }

    deinit {
        if !isCommitted { try? FileManager.default.removeItem(atPath: temporary) }
    }

    /// Writes a file into it, onto the disk.
    package func write(_ text: String, as name: String) throws(DatasetError) {
        do {
            try ReplacementFile.write(text, to: self.path(of: name))
        } catch {
            throw .io(path: "\(path)/\(name)", operation: .write, reason: Self.reason(error))
        }
    }

    /// Copies a file into it, onto the disk.
    package func copy(_ file: String, as name: String) throws(DatasetError) {
        do {
            try FileManager.default.copyItem(atPath: file, toPath: self.path(of: name))
        } catch {
            throw .io(path: "\(path)/\(name)", operation: .write, reason: error.systemReason)
        }
        let descriptor = open(self.path(of: name), O_RDONLY | O_CLOEXEC)
        defer { close(descriptor) }
        guard descriptor >= 0, fsync(descriptor) == 0 else {
            throw .io(path: "\(path)/\(name)", operation: .write, reason: FileKind.reason())
        }
    }

    private static func reason(_ error: RecognizerError) -> String {
        if case .io(_, _, let reason) = error { reason } else { "\(error)" }
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
        do {
            try FileTree.move(temporary, to: path)
        } catch {
            throw .io(path: path, operation: .create, reason: Self.reason(error))
        }
        isCommitted = true
    }
}
