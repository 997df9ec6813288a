/// The directory of a zip archive as PyTorch writes it: tensors and pickles are stored, only TorchScript's code is compressed.
///
/// Entries are ranges of the file; nothing is ever unpacked. Anything that would make two readers see two archives is refused: duplicate names,
/// local headers that disagree with the directory, entries that overlap, bytes after the end record.
struct ZipArchive {
    static let entryLimit = 100_000

    /// Name to the range of its content, stored entries only.
    let entries: [String: Range<Int>]
    /// Entries that are compressed, and so cannot be read.
    let compressed: Set<String>

    private struct Directory {
        var entries: UInt64
        var size: UInt64
        var offset: UInt64
        /// Where the end records begin: nothing of the archive may lie behind.
        var end: Int
    }

    private struct Entry {
        var name: String
        var flags: UInt16
        var method: UInt16
        var size: UInt64
        /// As it lies in the file.
        var compressedSize: UInt64
        var headerOffset: UInt64
    }

    private static let localHeader: UInt32 = 0x0403_4B50
    private static let centralHeader: UInt32 = 0x0201_4B50
    private static let endRecord: UInt32 = 0x0605_4B50
    private static let endRecord64: UInt32 = 0x0606_4B50
    private static let endLocator64: UInt32 = 0x0706_4B50

    init(_ bytes: UnsafeRawBufferPointer, path: String) throws(RecognizerError) {
        let directory = try Self.directory(bytes, path: path)
        guard directory.entries <= UInt64(Self.entryLimit) else {
            throw .malformed(
                path: path, reason: "zip archive of \(directory.entries) entries, at most \(Self.entryLimit) are read")
        }
        guard directory.offset <= UInt64(directory.end), directory.size == UInt64(directory.end) - directory.offset
        else {
            throw .malformed(path: path, reason: "the zip directory does not lie where the end record says")
        }
        let start = Int(directory.offset)
        var cursor = ByteCursor(
            UnsafeRawBufferPointer(rebasing: bytes[0..<directory.end]), path: path, at: start)
        var entries: [String: Range<Int>] = [:]
        var compressed: Set<String> = []
        var extents: [Range<Int>] = []
        for _ in 0..<directory.entries {
            let entry = try Self.central(&cursor)
            let (header, content) = try Self.content(of: entry, bytes: bytes, end: start, path: path)
            let isNew =
                entry.method == 0
                ? entries.updateValue(content, forKey: entry.name) == nil && !compressed.contains(entry.name)
                : compressed.insert(entry.name).inserted && entries[entry.name] == nil
            guard isNew else {
                throw .malformed(path: path, reason: "zip entry \"\(entry.name)\" stands twice")
            }
            extents.append(header..<content.upperBound)
        }
        guard cursor.remaining == 0 else {
            throw .malformed(path: path, reason: "the zip directory holds more than its \(directory.entries) entries")
        }
        extents.sort { $0.lowerBound < $1.lowerBound }
        for (first, second) in zip(extents, extents.dropFirst()) where first.upperBound > second.lowerBound {
            throw .malformed(path: path, reason: "two zip entries overlap at byte \(second.lowerBound)")
        }
        self.entries = entries
        self.compressed = compressed
    }

    private static func directory(
        _ bytes: UnsafeRawBufferPointer, path: String
    ) throws(RecognizerError) -> Directory {
        // The end record is 22 bytes and a comment of at most 65535; it must reach the end of the file exactly.
        let lowest = max(0, bytes.count - 22 - 65535)
        var position = bytes.count - 22
        while position >= lowest {
            var cursor = ByteCursor(bytes, path: path, at: position)
            if try cursor.integer(UInt32.self) == endRecord {
                _ = try cursor.take(16)
                if Int(try cursor.integer(UInt16.self)) == cursor.remaining { break }
            }
            position -= 1
        }
        guard position >= lowest else {
            throw .malformed(path: path, reason: "zip archive without an end record: truncated")
        }
        var cursor = ByteCursor(bytes, path: path, at: position + 4)
        let disk = try cursor.integer(UInt16.self)
        let directoryDisk = try cursor.integer(UInt16.self)
        let here = try cursor.integer(UInt16.self)
        let all = try cursor.integer(UInt16.self)
        let size = try cursor.integer(UInt32.self)
        let offset = try cursor.integer(UInt32.self)
        let plain = Directory(entries: UInt64(all), size: UInt64(size), offset: UInt64(offset), end: position)
        let is64 = all == .max || size == .max || offset == .max
        guard disk == 0 || disk == .max, directoryDisk == disk, here == all else {
            throw .malformed(path: path, reason: "a zip archive of several parts")
        }
        guard let wide = try directory64(bytes, path: path, before: position) else {
            guard !is64 else { throw .malformed(path: path, reason: "zip64 end record missing") }
            return plain
        }
        guard all == .max || wide.entries == plain.entries, size == .max || wide.size == plain.size,
            offset == .max || wide.offset == plain.offset
        else {
            throw .malformed(path: path, reason: "the zip and zip64 end records disagree")
        }
        return wide
    }

    /// The zip64 end record, found through the locator right before the plain one; `nil` without a locator.
    private static func directory64(
        _ bytes: UnsafeRawBufferPointer, path: String, before position: Int
    ) throws(RecognizerError) -> Directory? {
        guard position >= 20 else { return nil }
        var locator = ByteCursor(bytes, path: path, at: position - 20)
        guard try locator.integer(UInt32.self) == endLocator64 else { return nil }
        _ = try locator.take(4)
        let offset = try locator.integer(UInt64.self)
        guard offset <= UInt64(position - 20) else {
            throw .malformed(path: path, reason: "the zip64 locator points outside the file")
        }
        var cursor = ByteCursor(bytes, path: path, at: Int(offset))
        guard try cursor.integer(UInt32.self) == endRecord64 else {
            throw .malformed(path: path, reason: "the zip64 locator points at no end record")
        }
        guard try cursor.integer(UInt64.self) == UInt64(position - 20) - offset - 12 else {
            throw .malformed(path: path, reason: "the zip64 end record has a wrong size")
        }
        _ = try cursor.take(12)
        let here = try cursor.integer(UInt64.self)
        let entries = try cursor.integer(UInt64.self)
        let size = try cursor.integer(UInt64.self)
        let start = try cursor.integer(UInt64.self)
        guard here == entries else { throw .malformed(path: path, reason: "a zip archive of several parts") }
        return Directory(entries: entries, size: size, offset: start, end: Int(offset))
    }

    private static func central(_ cursor: inout ByteCursor) throws(RecognizerError) -> Entry {
        let path = cursor.path
        guard try cursor.integer(UInt32.self) == centralHeader else {
            throw .malformed(path: path, reason: "no zip directory entry at byte \(cursor.position - 4)")
        }
        _ = try cursor.take(4)
        let flags = try cursor.integer(UInt16.self)
        let method = try cursor.integer(UInt16.self)
        _ = try cursor.take(8)
        let compressed = try cursor.integer(UInt32.self)
        let size = try cursor.integer(UInt32.self)
        let nameLength = try cursor.integer(UInt16.self)
        let extraLength = try cursor.integer(UInt16.self)
        let commentLength = try cursor.integer(UInt16.self)
        _ = try cursor.take(8)
        let offset = try cursor.integer(UInt32.self)
        let name = try cursor.text(Int(nameLength))
        let extra = try cursor.take(Int(extraLength))
        _ = try cursor.take(Int(commentLength))
        try check(name: name, path: path)
        guard flags & 0x2041 == 0 else {
            throw .malformed(path: path, reason: "zip entry \"\(name)\" is encrypted")
        }
        var wide: [UInt64] = [size, compressed, offset].map(UInt64.init)
        if wide.contains(UInt64(UInt32.max)) {
            try widen(&wide, extra: UnsafeRawBufferPointer(rebasing: cursor.bytes[extra]), name: name, path: path)
        }
        guard method != 0 || wide[0] == wide[1] else {
            throw .malformed(path: path, reason: "zip entry \"\(name)\" is stored, yet has two different sizes")
        }
        return Entry(
            name: name, flags: flags, method: method, size: wide[0], compressedSize: wide[1], headerOffset: wide[2])
    }

    private static func check(name: String, path: String) throws(RecognizerError) {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard !name.isEmpty, !name.hasPrefix("/"), !parts.contains(".."), !name.utf8.contains(0), !name.contains("\\")
        else {
            throw .malformed(path: path, reason: "zip entry with the unsafe name \(name.debugDescription)")
        }
    }

    /// Replaces each field that holds the 32-bit maximum by its value in the zip64 extra field.
    private static func widen(
        _ fields: inout [UInt64], extra: UnsafeRawBufferPointer, name: String, path: String
    ) throws(RecognizerError) {
        var cursor = ByteCursor(extra, path: path)
        while cursor.remaining >= 4 {
            let tag = try cursor.integer(UInt16.self)
            let length = try cursor.integer(UInt16.self)
            let content = try cursor.take(Int(length))
            guard tag == 1 else { continue }
            var values = ByteCursor(UnsafeRawBufferPointer(rebasing: extra[content]), path: path)
            for index in fields.indices where fields[index] == UInt64(UInt32.max) {
                fields[index] = try values.integer(UInt64.self)
            }
            return
        }
        throw .malformed(path: path, reason: "zip entry \"\(name)\" lacks its zip64 field")
    }

    /// Checks the local header against the directory; returns where it begins and where the content lies.
    private static func content(
        of entry: Entry, bytes: UnsafeRawBufferPointer, end: Int, path: String
    ) throws(RecognizerError) -> (header: Int, content: Range<Int>) {
        func mismatch(_ what: String) -> RecognizerError {
            .malformed(path: path, reason: "zip entry \"\(entry.name)\": \(what)")
        }
        guard entry.headerOffset < UInt64(end) else { throw mismatch("its header lies outside the file") }
        let header = Int(entry.headerOffset)
        var cursor = ByteCursor(UnsafeRawBufferPointer(rebasing: bytes[0..<end]), path: path, at: header)
        guard try cursor.integer(UInt32.self) == localHeader else {
            throw mismatch("no local header at byte \(header)")
        }
        _ = try cursor.take(2)
        guard try cursor.integer(UInt16.self) == entry.flags, try cursor.integer(UInt16.self) == entry.method
        else {
            throw mismatch("its local header differs from the directory")
        }
        _ = try cursor.take(8)
        let compressed = try cursor.integer(UInt32.self)
        let size = try cursor.integer(UInt32.self)
        let nameLength = try cursor.integer(UInt16.self)
        let extraLength = try cursor.integer(UInt16.self)
        guard try cursor.text(Int(nameLength)) == entry.name else {
            throw mismatch("its local header has another name")
        }
        _ = try cursor.take(Int(extraLength))
        // Flag 3 puts sizes behind the content and may leave zeros here; the maximum refers to the zip64 field.
        for (local, stated) in [(compressed, entry.compressedSize), (size, entry.size)] {
            let deferred = entry.flags & 8 != 0 && local == 0
            guard deferred || local == .max || UInt64(local) == stated else {
                throw mismatch("its local header has another size")
            }
        }
        guard entry.compressedSize <= UInt64(cursor.remaining) else {
            throw mismatch("its content lies outside the file")
        }
        return (header, try cursor.take(Int(entry.compressedSize)))
    }
}
