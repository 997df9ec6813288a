import Foundation
import Glibc

/// A text file that is appended to line by line and moved to `path.1`, `path.2` ... when it is full.
///
/// A line goes out in one `write` and lies in one file: what a failed write left behind is cut off again, and a tail
/// without line break found on opening (the daemon was killed) is closed with one. Not thread-safe: the owner calls one
/// function at a time.
struct RotatingFile {
    typealias Write = @Sendable (Int32, UnsafeRawBufferPointer) -> Int

    let path: String
    /// The file is moved away before it would exceed this; a longer line has a file of its own.
    let maxByteCount: Int
    /// How many moved files stay; at least one.
    let keep: Int
    /// Whether a line reaches the disk before `append` returns.
    let sync: Bool
    /// The system call that writes; tests put a full disk here.
    let write: Write
    private var descriptor: Int32 = -1

    init(
        path: String, maxByteCount: Int, keep: Int, sync: Bool,
        write: @escaping Write = { Glibc.write($0, $1.baseAddress, $1.count) }
    ) {
        self.path = path
        self.maxByteCount = maxByteCount
        self.keep = keep
        self.sync = sync
        self.write = write
    }

    /// Opens or creates the file; does nothing if it is open and still the one at `path`.
    mutating func open() throws {
        if descriptor >= 0 {
            if isStillInPlace { return }
            close()
        }
        // O_NONBLOCK: opening a FIFO nobody reads fails instead of waiting; regular files ignore it.
        let opened = Glibc.open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0o640)
        guard opened >= 0 else { throw openError(errno) }
        var found = stat()
        guard fstat(opened, &found) == 0, found.st_mode & S_IFMT == S_IFREG else {
            _ = Glibc.close(opened)
            throw PluginError.file(path: path, operation: "write to", reason: "it is not a regular file")
        }
        descriptor = opened
        do {
            try closeTornLine(byteCount: Int(found.st_size))
        } catch {
            close()
            throw error
        }
    }

    /// Appends one line; `line` has no line break, one is added. Throws with the file as it was before.
    mutating func append(line: Data) throws {
        try open()
        var bytes = line
        bytes.append(UInt8(ascii: "\n"))
        if try byteCount() > 0, try byteCount() + bytes.count > maxByteCount {
            try rotate()
        }
        try writeWhole(bytes)
        if sync, fdatasync(descriptor) != 0 { throw failure("flush", errno) }
    }

    /// Flushes to the disk and closes.
    mutating func close() {
        guard descriptor >= 0 else { return }
        _ = fsync(descriptor)
        _ = Glibc.close(descriptor)
        descriptor = -1
    }

    /// False when a log rotator moved or removed the file.
    private var isStillInPlace: Bool {
        var mine = stat()
        var there = stat()
        return fstat(descriptor, &mine) == 0 && stat(path, &there) == 0 && mine.st_ino == there.st_ino
            && mine.st_dev == there.st_dev
    }

    private func byteCount() throws -> Int {
        var found = stat()
        guard fstat(descriptor, &found) == 0 else { throw failure("examine", errno) }
        return Int(found.st_size)
    }

    private mutating func closeTornLine(byteCount: Int) throws {
        guard byteCount > 0 else { return }
        var last: UInt8 = 0
        guard pread(descriptor, &last, 1, off_t(byteCount - 1)) == 1 else { throw failure("read", errno) }
        if last != UInt8(ascii: "\n") { try writeWhole(Data([UInt8(ascii: "\n")])) }
    }

    private mutating func rotate() throws {
        close()
        for number in stride(from: keep - 1, through: 1, by: -1) {
            try move("\(path).\(number)", to: "\(path).\(number + 1)")
        }
        try move(path, to: "\(path).1")
        try open()
    }

    private func move(_ source: String, to target: String) throws {
        if rename(source, target) != 0, errno != ENOENT {
            throw PluginError.file(path: source, operation: "rename to \(target)", reason: systemErrorText())
        }
    }

    private mutating func writeWhole(_ bytes: Data) throws {
        let start = try byteCount()
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { write(descriptor, UnsafeRawBufferPointer(rebasing: $0[written...])) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else {
                let reason = count < 0 ? errno : ENOSPC
                let error = failure("write to", reason)
                // Cut back only what is ours: if somebody else appended behind it, their line stays, and the torn one
                // is closed when the file is opened again.
                let isOurs = try byteCount() == start + written
                if written > 0, !isOurs || ftruncate(descriptor, off_t(start)) != 0 { close() }
                throw error
            }
            written += count
        }
    }

    private func failure(_ operation: String, _ number: Int32) -> PluginError {
        .file(path: path, operation: operation, reason: systemErrorText(number))
    }

    private func openError(_ number: Int32) -> PluginError {
        let folder = (path as NSString).deletingLastPathComponent
        let missing = number == ENOENT && !folder.isEmpty && access(folder, F_OK) != 0
        let reason = missing ? "the folder \(folder) does not exist; create it first" : systemErrorText(number)
        return .file(path: path, operation: "open", reason: reason)
    }
}
