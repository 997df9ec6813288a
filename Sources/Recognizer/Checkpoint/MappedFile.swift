import Glibc

/// A regular file mapped read-only; its pages come from the page cache and are never written.
///
/// Readers check every range against `bytes.count`, which is the size at the moment of opening. A file that is cut short
/// afterwards raises SIGBUS on the next touch of a missing page: commands turn that into exit status 74.
///
/// Sendable: all fields are set in `init` and never change, and the mapped bytes are read-only.
package final class MappedFile: ByteOwner, @unchecked Sendable {
    package let path: String
    package let bytes: UnsafeRawBufferPointer
    private let descriptor: CInt
    private let opened: stat

    package init(_ path: String) throws(RecognizerError) {
        // O_NONBLOCK: opening a FIFO must not wait for a writer.
        descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .io(path: path, operation: "open", reason: Self.reason()) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            let reason = Self.reason()
            close(descriptor)
            throw .io(path: path, operation: "examine", reason: reason)
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw .malformed(path: path, reason: "not a regular file")
        }
        self.path = path
        opened = status
        guard status.st_size > 0 else {
            bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            return
        }
        let size = Int(status.st_size)
        let base = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0)
        guard base != MAP_FAILED, let base else {
            let reason = Self.reason()
            close(descriptor)
            throw .io(path: path, operation: "map", reason: reason)
        }
        bytes = UnsafeRawBufferPointer(start: base, count: size)
    }

    deinit {
        if let base = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: base), bytes.count) }
        close(descriptor)
    }

    /// Whether the file was last written after another.
    package func isNewer(than other: MappedFile) -> Bool {
        let (mine, its) = (opened.st_mtim, other.opened.st_mtim)
        return (mine.tv_sec, mine.tv_nsec) > (its.tv_sec, its.tv_nsec)
    }

    /// Throws when the file was written or cut short since it was opened; call after copying out of it.
    package func checkUnchanged() throws(RecognizerError) {
        var now = stat()
        guard fstat(descriptor, &now) == 0 else { throw .io(path: path, operation: "examine", reason: Self.reason()) }
        guard now.st_size == opened.st_size, now.st_mtim.tv_sec == opened.st_mtim.tv_sec,
            now.st_mtim.tv_nsec == opened.st_mtim.tv_nsec
        else {
            throw .malformed(path: path, reason: "the file changed while it was being read")
        }
    }

    /// Lets the kernel take back the pages of a range that will not be read again soon.
    package func forget(_ range: Range<Int>) {
        let page = Int(sysconf(CInt(_SC_PAGESIZE)))
        let first = (range.lowerBound + page - 1) / page * page
        let last = range.upperBound / page * page
        guard let base = bytes.baseAddress, first < last else { return }
        madvise(UnsafeMutableRawPointer(mutating: base + first), last - first, MADV_DONTNEED)
    }

    static func reason(_ code: CInt = errno) -> String {
        guard let text = strerror(code) else { return "error \(code)" }
        return String(cString: text)
    }
}
