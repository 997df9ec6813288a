package import Foundation
import Glibc
import Synchronization

/// Counts the daemon's messages, over restarts and a `kill -9`, never the same number twice.
///
/// A small file holds a number below which everything may have been used. Numbers are reserved a block ahead, so a crash
/// skips at most a block. Without a writable directory, or where another process counts there, the count starts at the
/// milliseconds of the wall clock, which lie above whatever was counted before.
///
/// Reserving waits for the disk: use it on a thread that may block.
package struct SequenceStore {
    private static let fileName = "sequence"

    private let directory: URL?
    private let lock: DirectoryLock?
    private let blockSize: UInt64
    private let report: @Sendable (String) -> Void
    private var next: UInt64
    private var reserved: UInt64
    private var isInMemory = false

    /// - Parameters:
    ///   - directory: where the file lives; nil counts in memory without saying so.
    ///   - report: told once each time that the file becomes unusable.
    package init(directory: URL?, blockSize: UInt64 = 100, report: @escaping @Sendable (String) -> Void) {
        self.blockSize = max(1, blockSize)
        self.report = report
        let clock = UInt64(max(0, Date().timeIntervalSince1970 * 1000))
        lock = directory.map { DirectoryLock($0.path) }
        guard let directory, lock?.isElsewhere != true else {
            if let directory {
                report("another claverd uses \(directory.path), say another state; counting messages from \(clock)")
            }
            self.directory = nil
            (next, reserved) = (clock, .max)
            return
        }
        self.directory = directory
        let file = directory.appending(path: Self.fileName)
        do {
            next = try Self.read(file)
        } catch {
            report("\(file.path): \(error.reason); counting messages from \(clock)")
            next = clock
        }
        reserved = next
        reserve()
        if isInMemory {
            next = max(next, clock)
            reserved = next + self.blockSize
        }
    }

    /// The next number. Reserves a block every `blockSize` calls.
    package mutating func take() -> UInt64 {
        if next == reserved { reserve() }
        defer { next += 1 }
        return next
    }

    /// Gives the unused rest of the block back, so that the next start goes on without a jump, and the directory free.
    package mutating func close() {
        defer { lock?.release() }
        guard let directory, !isInMemory else { return }
        try? Self.write(next, to: directory)
        reserved = next
    }

    private mutating func reserve() {
        guard let directory else { return }
        reserved += blockSize
        do {
            try Self.write(reserved, to: directory)
            isInMemory = false
        } catch {
            if !isInMemory {
                report("cannot keep the message count in \(directory.path): \(error.reason); counting in memory")
            }
            isInMemory = true
        }
    }

    private struct Failure: Error {
        let reason: String

        /// What the system call just made has left in `errno`.
        static func systemCall(_ name: String) -> Failure {
            Failure(reason: "\(name): \(String(cString: strerror(errno)))")
        }
    }

    /// Zero when there is no file yet.
    private static func read(_ file: URL) throws(Failure) -> UInt64 {
        let descriptor = open(file.path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return 0 }
            throw .systemCall("open")
        }
        defer { _ = Glibc.close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 32)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        guard count >= 0 else { throw .systemCall("read") }
        let text = String(decoding: bytes[..<count], as: UTF8.self)
        guard text.last == "\n", let number = UInt64(text.dropLast()), number < 1 << 53 else {
            throw Failure(reason: "not a message count")
        }
        return number
    }

    /// Replaces the file as a whole: after a crash it holds either the old number or the new one.
    private static func write(_ number: UInt64, to directory: URL) throws(Failure) {
        let file = directory.appending(path: fileName).path
        let temporary = file + ".new"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .systemCall("open") }
        let bytes = Array("\(number)\n".utf8)
        let written = Glibc.write(descriptor, bytes, bytes.count)
        let failure: Failure? =
            written != bytes.count || fsync(descriptor) != 0 ? .systemCall("write") : nil
        _ = Glibc.close(descriptor)
        if let failure { throw failure }
        guard rename(temporary, file) == 0 else { throw .systemCall("rename") }
        let folder = open(directory.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw .systemCall("open") }
        defer { _ = Glibc.close(folder) }
        guard fsync(folder) == 0 else { throw .systemCall("fsync") }
    }
}

extension SequenceStore: Sendable {}

/// Keeps a directory for one process, as far as its file system has locks.
private final class DirectoryLock: Sendable {
    /// Whether another holds it.
    let isElsewhere: Bool
    private let descriptor: Mutex<Int32>

    init(_ path: String) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        isElsewhere = descriptor >= 0 && flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK
        self.descriptor = Mutex(descriptor)
    }

    deinit { release() }

    func release() {
        descriptor.withLock { descriptor in
            if descriptor >= 0 { _ = Glibc.close(descriptor) }
            descriptor = -1
        }
    }
}
