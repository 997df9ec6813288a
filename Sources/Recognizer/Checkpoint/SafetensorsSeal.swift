/// A digest that stands in a safetensors file's own metadata: SHA-256, hexadecimal, of the file with zeros in the digest's place.
/// A file that was damaged after it was written, in a value or in its header, has another.
package enum SafetensorsSeal {
    /// The metadata's key; what `SafetensorsWriter` is given must not have it.
    static let key = "sha256"
    static let blank = String(repeating: "0", count: 64)

    /// Where the digest stands in a file that begins with `header`; nil if it has none.
    static func place(in header: UnsafeRawBufferPointer) -> Range<Int>? {
        guard let member = header.firstRange(of: Array("\"\(key)\":\"".utf8)),
            member.upperBound + blank.utf8.count <= header.count
        else { return nil }
        return member.upperBound..<member.upperBound + blank.utf8.count
    }

    /// Whether a safetensors file has a seal and is what was sealed.
    ///
    /// - Throws: `RecognizerError` if it cannot be read or is no safetensors file.
    package static func isWhole(_ path: String) throws(RecognizerError) -> Bool {
        let file = try MappedFile(path)
        let bytes = file.bytes
        let header = try Safetensors.headerRange(bytes, path: path)
        guard let place = place(in: UnsafeRawBufferPointer(rebasing: bytes[..<header.upperBound])) else { return false }
        var hash = SHA256()
        hash.update(UnsafeRawBufferPointer(rebasing: bytes[..<place.lowerBound]))
        hash.update(blank)
        hash.update(UnsafeRawBufferPointer(rebasing: bytes[place.upperBound...]))
        return SHA256.hex(hash.finalize()).utf8.elementsEqual(bytes[place])
    }
}
