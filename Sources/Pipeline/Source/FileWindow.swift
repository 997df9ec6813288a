import Foundation

/// The bytes of a regular file, or a stretch of them.
///
/// `Sendable`: nothing changes after `init`, and `pread` keeps no position.
final class FileWindow: Sendable {
    let byteCount: Int
    private let descriptor: Int32
    private let start: Int

    /// Opens the file. Throws `ClipFailure` for whatever is no regular file, or ends before the stretch does.
    init(_ location: ClipLocation, name: String) throws(ClipFailure) {
        let path: String
        switch location {
        case .file(let file): (path, start) = (file, 0)
        case .member(let archive, let offset, _): (path, start) = (archive, offset)
        }
        // Not to block on a FIFO; a device is only looked at after its kind is known.
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)
        guard descriptor >= 0 else {
            let isAbsent = errno == ENOENT || errno == ENOTDIR
            throw ClipFailure(
                kind: isAbsent ? .missing : .refused,
                reason: "\(name) cannot be opened: \(String(cString: strerror(errno)))")
        }
        do throws(ClipFailure) {
            byteCount = try Self.byteCount(descriptor, location, name: name)
        } catch {
            close(descriptor)
            throw error
        }
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    private static func byteCount(
        _ descriptor: Int32, _ location: ClipLocation, name: String
    ) throws(ClipFailure) -> Int {
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            let kind = status.st_mode & S_IFMT == S_IFDIR ? "is a directory" : "is no regular file"
            throw ClipFailure(kind: .refused, reason: "\(name) \(kind); a video is expected")
        }
        guard case .member(_, let offset, let count) = location else { return Int(status.st_size) }
        guard offset >= 0, count >= 0, offset <= Int(status.st_size) - count else {
            throw ClipFailure(kind: .undecodable, reason: "\(name): the archive ends before its \(count) bytes do")
        }
        return count
    }

    /// Reads from `offset` on. Returns the bytes read, fewer than asked for at the end only; nil if they cannot be read.
    func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) -> Int? {
        guard offset >= 0, offset < byteCount, let base = buffer.baseAddress else { return 0 }
        let wanted = min(buffer.count, byteCount - offset)
        var done = 0
        while done < wanted {
            let got = pread(descriptor, base + done, wanted - done, off_t(start + offset + done))
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { return nil }
            guard got > 0 else { break }
            done += got
        }
        return done
    }

    /// Up to `count` bytes at an offset; fewer at the end, or if they cannot be read.
    func bytes(at offset: Int, count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            filled = read(at: offset, into: UnsafeMutableRawBufferPointer(buffer)) ?? 0
        }
    }
}
