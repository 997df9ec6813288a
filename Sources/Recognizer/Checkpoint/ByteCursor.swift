/// A bounds-checked reader of little-endian fields.
struct ByteCursor {
    let bytes: UnsafeRawBufferPointer
    let path: String
    private(set) var position: Int

    init(_ bytes: UnsafeRawBufferPointer, path: String, at position: Int = 0) {
        self.bytes = bytes
        self.path = path
        self.position = position
    }

    var remaining: Int { bytes.count - position }

    mutating func integer<Value: FixedWidthInteger>(_: Value.Type) throws(RecognizerError) -> Value {
        let range = try take(MemoryLayout<Value>.size)
        return Value(littleEndian: bytes.loadUnaligned(fromByteOffset: range.lowerBound, as: Value.self))
    }

    mutating func byte() throws(RecognizerError) -> UInt8 { try integer(UInt8.self) }

    /// The next `count` bytes as a range of `bytes`.
    mutating func take(_ count: Int) throws(RecognizerError) -> Range<Int> {
        guard count >= 0, position >= 0, count <= remaining else {
            throw .malformed(
                path: path, reason: "the data ends at byte \(bytes.count), \(count) more are needed at \(position)")
        }
        defer { position += count }
        return position..<position + count
    }

    /// The next `count` bytes as text.
    mutating func text(_ count: Int) throws(RecognizerError) -> String {
        let range = try take(count)
        guard let text = String(validating: bytes[range], as: UTF8.self) else {
            throw .malformed(path: path, reason: "the text at byte \(range.lowerBound) is not UTF-8")
        }
        return text
    }

    /// The bytes up to the next line feed, as text; the line feed is passed over.
    mutating func line(limit: Int) throws(RecognizerError) -> String {
        guard let end = bytes[position..<min(bytes.count, position + limit)].firstIndex(of: 0x0A) else {
            throw .malformed(path: path, reason: "a line at byte \(position) does not end within \(limit) bytes")
        }
        let text = try text(end - position)
        position += 1
        return text
    }
}
