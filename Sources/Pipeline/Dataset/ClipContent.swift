import Recognizer

/// The bytes of a clip, wherever it lies.
package struct ClipContent {
    package let byteCount: Int
    private let file: PlainFile
    private let offset: Int

    private static let pieceBytes = 1 << 20

    /// Throws `DatasetError` for a file that cannot be opened.
    package init(_ location: ClipLocation) throws(DatasetError) {
        switch location {
        case .file(let path):
            file = try PlainFile(path)
            offset = 0
            byteCount = file.identity.byteCount
        case .member(let archive, let offset, let byteCount):
            file = try PlainFile(archive)
            self.offset = offset
            self.byteCount = byteCount
        }
    }

    /// Hexadecimal SHA-256. Throws `DatasetError` for what cannot be read or ends early.
    package func digest() throws(DatasetError) -> String {
        var hash = SHA256()
        var done = 0
        while done < byteCount {
            let piece = try file.read(at: offset + done, count: min(Self.pieceBytes, byteCount - done))
            guard !piece.isEmpty else {
                throw .malformed(path: file.path, line: nil, reason: "ends \(byteCount - done) bytes early")
            }
            piece.withUnsafeBytes { hash.update($0) }
            done += piece.count
        }
        return SHA256.hex(hash.finalize())
    }
}
