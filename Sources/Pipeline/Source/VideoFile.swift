import Foundation

/// What can be known about a video file before a decoder sees it.
package struct VideoFile: Sendable, Equatable {
    package let path: String
    package let byteCount: Int
    /// How the file ends early, if its own structure says that it does.
    package let truncation: String?

    /// Looks at the file. Throws `PipelineError.unreadable` for whatever is no regular, filled file, and for playlists, which
    /// would make the decoder open other files and addresses.
    package init(path: String, source: String) throws(PipelineError) {
        func refusal(_ reason: String) -> PipelineError {
            // A source that is called by its path need not be told it twice.
            .unreadable(source: source, reason: source == path ? reason : "\(path) \(reason)")
        }
        // Not to block on a FIFO; a device is only looked at after its kind is known.
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)
        guard descriptor >= 0 else {
            throw refusal("cannot be opened: \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw refusal("cannot be examined: \(String(cString: strerror(errno)))")
        }
        switch status.st_mode & S_IFMT {
        case S_IFREG: break
        case S_IFDIR: throw refusal("is a directory; a video file is expected")
        case S_IFIFO: throw refusal("is a pipe; only regular files are read")
        case S_IFCHR, S_IFBLK: throw refusal("is a device; only regular files are read (cameras: v4l2:///dev/videoN)")
        default: throw refusal("is no regular file")
        }
        guard status.st_size > 0 else { throw refusal("is empty (0 bytes)") }
        self.path = path
        byteCount = Int(status.st_size)

        let head = Self.read(descriptor, at: 0, count: 1024)
        if let kind = Self.playlistKind(head) {
            throw refusal("is \(kind), not a video; what it points at is not followed")
        }
        switch MP4Outline(byteCount: byteCount, read: { Self.read(descriptor, at: $0, count: $1) })?.verdict {
        case .unplayable(let reason): throw refusal(reason)
        case .truncated(let reason): truncation = reason
        case .plausible, nil: truncation = nil
        }
    }

    /// Up to `count` bytes at an offset; fewer at the end of the file or on a read error.
    private static func read(_ descriptor: Int32, at offset: Int, count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let got = pread(descriptor, &bytes, count, off_t(offset))
        return Array(bytes.prefix(max(0, got)))
    }

    /// The kind of playlist that a file's first bytes announce, or nil.
    static func playlistKind(_ head: [UInt8]) -> String? {
        let text = String(decoding: head, as: UTF8.self).drop { $0 == "\u{FEFF}" || $0.isWhitespace }
        let lower = text.lowercased()
        if lower.hasPrefix("#extm3u") || lower.hasPrefix("#ext-x-") { return "an HLS or M3U playlist" }
        if lower.hasPrefix("v=0\n") || lower.hasPrefix("v=0\r\n") { return "an SDP session description" }
        if lower.hasPrefix("ffconcat version") || lower.hasPrefix("file '") { return "a concat list" }
        if lower.hasPrefix("[playlist]") || lower.hasPrefix("[reference]") { return "a playlist" }
        if lower.hasPrefix("rtsptext") || lower.hasPrefix("<asx") { return "a redirect to another address" }
        guard lower.hasPrefix("<") else { return nil }
        if lower.contains("<mpd") { return "a DASH manifest" }
        if lower.contains("<smoothstreamingmedia") { return "a Smooth Streaming manifest" }
        return lower.contains("<playlist") || lower.contains("<smil") ? "a playlist" : nil
    }
}
