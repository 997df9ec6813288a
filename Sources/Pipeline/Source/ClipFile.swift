/// A clip's bytes, a file's or an archive member's read in place, and what can be known before a demuxer sees them.
struct ClipFile: Sendable {
    /// Path, and for a member the place in its archive; for messages.
    let name: String
    /// What of an MP4 file is meant to be seen. The list itself is not among the bytes that `read` gives.
    let edits: MP4Edits
    private let window: FileWindow

    var byteCount: Int { window.byteCount }

    /// Opens the clip and looks at its first bytes. Throws for whatever need not be given to a demuxer.
    init(_ location: ClipLocation) throws(ClipFailure) {
        switch location {
        case .file(let path): name = path
        case .member(let archive, let offset, _): name = "\(archive) at byte \(offset)"
        }
        window = try FileWindow(location, name: name)
        guard window.byteCount > 0 else { throw ClipFailure(kind: .empty, reason: "\(name) is empty (0 bytes)") }
        if let kind = VideoFile.playlistKind(window.bytes(at: 0, count: 1024)) {
            throw ClipFailure(
                kind: .refused, reason: "\(name) is \(kind), not a video; what it points at is not followed")
        }
        switch MP4Outline(byteCount: window.byteCount, read: window.bytes)?.verdict {
        case .unplayable(let reason), .truncated(let reason):
            throw ClipFailure(kind: .undecodable, reason: "\(name) \(reason)")
        case .plausible, nil: break
        }
        edits = MP4Edits(byteCount: window.byteCount, read: window.bytes)
    }

    /// Reads from `offset` of the clip on. Returns the bytes read, fewer than asked for at the clip's end only; nil if the file
    /// cannot be read.
    func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) -> Int? {
        guard let count = window.read(at: offset, into: buffer) else { return nil }
        for field in edits.typeFields {
            for (place, byte) in zip(field..., MP4Edits.skipped) where (offset..<offset + count).contains(place) {
                buffer[place - offset] = byte
            }
        }
        return count
    }
}
