import Foundation

/// Writes a POSIX (ustar) archive of plain files. The same members give the same bytes: times and owners are zero.
final class TarWriter {
    private let path: String
    private let file: FileHandle

    init(_ path: String) throws(DatasetError) {
        guard FileManager.default.createFile(atPath: path, contents: nil), let file = FileHandle(forWritingAtPath: path)
        else { throw .io(path: path, operation: .create, reason: FileKind.reason()) }
        self.path = path
        self.file = file
    }

    /// - Precondition: a name of at most 100 bytes, and less than 8 GiB.
    func append(_ content: [UInt8], as name: String) throws(DatasetError) {
        try write(Data(Self.header(name, byteCount: content.count)))
        try write(Data(content))
        let rest = content.count % TarHeader.blockBytes
        if rest > 0 { try write(Data(count: TarHeader.blockBytes - rest)) }
    }

    /// Completes the archive; nothing may follow.
    func finish() throws(DatasetError) {
        try write(Data(count: 2 * TarHeader.blockBytes))
        do {
            try file.close()
        } catch {
            throw .io(path: path, operation: .write, reason: error.systemReason)
        }
    }

    private func write(_ bytes: Data) throws(DatasetError) {
        do {
            try file.write(contentsOf: bytes)
        } catch {
            throw .io(path: path, operation: .write, reason: error.systemReason)
        }
    }

    private static func header(_ name: String, byteCount: Int) -> [UInt8] {
        precondition(name.utf8.count <= 100 && byteCount < 1 << 33, "a member \(name) of \(byteCount) bytes")
        var block = [UInt8](repeating: 0, count: TarHeader.blockBytes)
        func put(_ text: String, at offset: Int) {
            block.replaceSubrange(offset..<offset + text.utf8.count, with: text.utf8)
        }
        func octal(_ value: Int, digits: Int) -> String {
            let text = String(value, radix: 8)
            return String(repeating: "0", count: digits - text.count) + text
        }
        put(name, at: 0)
        put("0000644", at: 100)
        put("0000000", at: 108)
        put("0000000", at: 116)
        put(octal(byteCount, digits: 11), at: 124)
        put(octal(0, digits: 11), at: 136)
        // The checksum counts itself as blanks.
        put("        ", at: 148)
        put("0", at: 156)
        put("ustar\u{0}00", at: 257)
        put(octal(block.reduce(0) { $0 + Int($1) }, digits: 6) + "\u{0}", at: 148)
        return block
    }
}
