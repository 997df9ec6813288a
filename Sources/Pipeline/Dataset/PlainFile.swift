import Foundation

/// A regular file that is read here and there, from any thread.
final class PlainFile: Sendable {
    /// What tells a file from one that took its place.
    struct Identity: Sendable, Equatable {
        let byteCount: Int
        let inode: UInt64
        let seconds: Int
        let nanoseconds: Int

        init(_ status: stat) {
            byteCount = Int(status.st_size)
            inode = UInt64(status.st_ino)
            seconds = Int(status.st_mtim.tv_sec)
            nanoseconds = Int(status.st_mtim.tv_nsec)
        }
    }

    let path: String
    /// At the moment of opening.
    let identity: Identity
    private let descriptor: Int32

    init(_ path: String) throws(DatasetError) {
        // Not to block on a pipe.
        descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)
        guard descriptor >= 0 else { throw .io(path: path, operation: .open, reason: FileKind.reason()) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            let reason = FileKind.reason()
            close(descriptor)
            throw .io(path: path, operation: .read, reason: reason)
        }
        guard FileKind(mode: status.st_mode) == .regular else {
            close(descriptor)
            throw .malformed(path: path, line: nil, reason: "is no regular file")
        }
        self.path = path
        identity = Identity(status)
    }

    deinit { close(descriptor) }

    /// Reads small pieces far apart: the kernel is not to read ahead.
    func expectScatteredReads() {
        _ = posix_fadvise(descriptor, 0, 0, POSIX_FADV_RANDOM)
    }

    /// Fills the buffer from an offset on, as far as the file goes. Returns the number of bytes.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(DatasetError) -> Int {
        var done = 0
        while done < buffer.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
            let count = pread(descriptor, rest.baseAddress, rest.count, off_t(offset + done))
            if count < 0 {
                if errno == EINTR { continue }
                throw .io(path: path, operation: .read, reason: FileKind.reason())
            }
            if count == 0 { break }
            done += count
        }
        return done
    }

    /// Up to `count` bytes at an offset; fewer at the end of the file.
    func read(at offset: Int, count: Int) throws(DatasetError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let outcome = bytes.withUnsafeMutableBytes { buffer in
            Result { () throws(DatasetError) in try read(into: buffer, at: offset) }
        }
        bytes.removeLast(count - (try outcome.get()))
        return bytes
    }

    /// Throws if the file was written since it was opened.
    func checkUnchanged() throws(DatasetError) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw .io(path: path, operation: .read, reason: FileKind.reason())
        }
        guard Identity(status) == identity else {
            throw .malformed(path: path, line: nil, reason: "the file changed while it was being read")
        }
    }
}
