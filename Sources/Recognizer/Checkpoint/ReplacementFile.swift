import Glibc

/// A file being written beside the one it will replace; without `commit` it leaves nothing. Used by one thread at a time.
package final class ReplacementFile {
    private let path: String
    private let temporary: String
    private let descriptor: CInt
    private var isCommitted = false

    init(_ path: String) throws(RecognizerError) {
        self.path = path
        temporary = "\(path).partial-\(getpid())"
        descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard descriptor >= 0 else { throw .io(path: temporary, operation: "create", reason: MappedFile.reason()) }
    }

    deinit {
        close(descriptor)
        if !isCommitted { unlink(temporary) }
    }

    /// Writes the first `count` values, as they lie in memory.
    func write<Value: BitwiseCopyable>(_ values: [Value], count: Int) throws(RecognizerError) {
        let outcome = values.withUnsafeBytes { bytes in
            let used = UnsafeRawBufferPointer(rebasing: bytes.prefix(count * MemoryLayout<Value>.stride))
            return Result { () throws(RecognizerError) in try write(used) }
        }
        try outcome.get()
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws(RecognizerError) {
        var rest = bytes
        while !rest.isEmpty {
            let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw .io(path: temporary, operation: "write", reason: MappedFile.reason())
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    /// Writes over what was written before, from byte `offset` on.
    func overwrite(_ bytes: [UInt8], at offset: Int) throws(RecognizerError) {
        guard lseek(descriptor, off_t(offset), SEEK_SET) >= 0 else {
            throw .io(path: temporary, operation: "seek", reason: MappedFile.reason())
        }
        try write(bytes, count: bytes.count)
    }

    /// Flushes the content to the disk, then puts it in the old file's place.
    func commit() throws(RecognizerError) {
        guard fsync(descriptor) == 0 else {
            throw .io(path: temporary, operation: "flush", reason: MappedFile.reason())
        }
        guard rename(temporary, path) == 0 else {
            throw .io(path: path, operation: "replace", reason: MappedFile.reason())
        }
        isCommitted = true
        try Self.flushDirectory(of: path)
    }

    /// Makes a rename in the directory of `path` survive a loss of power.
    static func flushDirectory(of path: String) throws(RecognizerError) {
        let slash = path.lastIndex(of: "/")
        let directory = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .io(path: directory, operation: "open", reason: MappedFile.reason()) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 || errno == EINVAL else {
            throw .io(path: directory, operation: "flush", reason: MappedFile.reason())
        }
    }

    /// Writes a whole small file in this way.
    package static func write(_ text: String, to path: String) throws(RecognizerError) {
        let file = try ReplacementFile(path)
        let bytes = Array(text.utf8)
        try file.write(bytes, count: bytes.count)
        try file.commit()
    }
}
