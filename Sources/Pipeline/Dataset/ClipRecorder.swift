/// Gathers the pictures of one clip as they are decoded.
struct ClipRecorder {
    private let memory: ClipLoaderMemory
    private let name: String
    private let limit: Int
    private var pictures: [Int: KeptPicture] = [:]
    private var totalFrames: Int?
    private var byteCount = 0
    private(set) var fits = true

    /// Nil where there is no room.
    init?(_ memory: ClipLoaderMemory?, name: String) {
        guard let memory else { return nil }
        limit = memory.clips.room
        guard limit > 0 else { return nil }
        self.memory = memory
        self.name = name
    }

    var wantsAll: Bool { memory.keepsWholeClips && fits }

    mutating func add(_ picture: KeptPicture, total: Int, number: Int) {
        if totalFrames != total { (pictures, byteCount, totalFrames) = ([:], 0, total) }
        guard fits else { return }
        byteCount += picture.byteCount
        guard byteCount <= limit else { return (fits, pictures) = (false, [:]) }
        pictures[number] = picture
    }

    func finish() {
        guard fits, let totalFrames else { return fits ? () : memory.clips.close() }
        memory.clips.keep(KeptClips.Clip(totalFrames: totalFrames, pictures: pictures), as: name)
    }
}
