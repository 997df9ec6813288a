import Synchronization

/// Decoded pictures of clips that are read again and again, as long as there is room for more.
package final class KeptClips: Sendable {
    /// The pictures of a clip that were kept, by their number.
    struct Clip: Sendable {
        let totalFrames: Int
        let pictures: [Int: KeptPicture]

        var byteCount: Int { pictures.values.reduce(0) { $0 + $1.byteCount } }
    }

    private struct Content {
        var clips: [String: Clip] = [:]
        var byteCount = 0
        var isFull = false
    }

    /// Bytes of all clips, at most.
    private let limit: Int
    private let content = Mutex(Content())

    package init(byteLimit: Int) { limit = byteLimit }

    /// What was kept of the clip of a name.
    func clip(_ name: String) -> Clip? { content.withLock { $0.clips[name] } }

    /// Bytes of one more clip, at most; 0 from the first on that did not fit.
    var room: Int { content.withLock { $0.isFull ? 0 : limit - $0.byteCount } }

    /// Keeps a clip if there is room, in the place of what was kept of it.
    func keep(_ clip: Clip, as name: String) {
        let byteCount = clip.byteCount
        content.withLock { content in
            let before = content.clips[name]?.byteCount ?? 0
            guard !content.isFull, content.byteCount - before + byteCount <= limit else { return content.isFull = true }
            content.clips[name] = clip
            content.byteCount += byteCount - before
        }
    }

    /// Keeps nothing more.
    func close() { content.withLock { $0.isFull = true } }
}
