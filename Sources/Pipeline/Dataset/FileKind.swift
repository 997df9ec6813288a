import Foundation

/// What a path leads to.
enum FileKind: Equatable {
    case regular
    case directory
    /// `a pipe`, `a device`, ...
    case other(String)

    /// Follows symbolic links, to their end.
    init(_ path: String) throws(DatasetError) {
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw .io(path: path, operation: .open, reason: Self.reason())
        }
        self.init(mode: status.st_mode)
    }

    init(mode: mode_t) {
        switch mode & S_IFMT {
        case S_IFREG: self = .regular
        case S_IFDIR: self = .directory
        case S_IFIFO: self = .other("a pipe")
        case S_IFSOCK: self = .other("a socket")
        case S_IFCHR, S_IFBLK: self = .other("a device")
        default: self = .other("no regular file")
        }
    }

    /// What the last system call of this thread says.
    static func reason(_ code: Int32 = errno) -> String { String(cString: strerror(code)) }
}
