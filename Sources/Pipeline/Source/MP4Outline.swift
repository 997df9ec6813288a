/// The top-level boxes of an MP4 or QuickTime file, read only as far as their sizes.
struct MP4Outline: Equatable {
    enum Verdict: Equatable {
        /// Whole, or of a form that is not judged here.
        case plausible
        /// Cut off, but its index is there: what is left can be played.
        case truncated(String)
        /// Without its index nothing can be played.
        case unplayable(String)
    }

    let verdict: Verdict

    /// Walks the boxes. Nil for a file that is no MP4 or QuickTime.
    /// - Parameter read: up to `count` bytes at an offset.
    init?(byteCount: Int, read: (_ offset: Int, _ count: Int) -> [UInt8]) {
        var offset = 0
        var hasIndex = false
        // A whole file has a handful of boxes; one in fragments has two for each, which need no walk to the end.
        for index in 0..<64 {
            let header = read(offset, 16)
            guard header.count >= 8 else { break }
            let kind = String(decoding: header[4..<8], as: UTF8.self)
            if index == 0 {
                guard ["ftyp", "moov", "mdat", "free", "wide", "skip"].contains(kind) else { return nil }
            }
            if kind == "moof" { break }
            let size: Int
            switch Self.number(header[0..<4]) {
            case 0: size = byteCount - offset
            case 1 where header.count == 16 && header[8] < 0x80: size = Self.number(header[8..<16])
            case let plain: size = plain
            }
            guard size >= 8 else { break }
            let (end, overflow) = offset.addingReportingOverflow(size)
            if overflow || end > byteCount {
                let reason = "ends early (truncated, \(overflow ? "most" : "\(end - byteCount)") bytes are missing)"
                verdict = hasIndex ? .truncated(reason) : .unplayable("\(reason): its index (moov atom) is missing")
                return
            }
            hasIndex = hasIndex || kind == "moov"
            offset = end
            if offset == byteCount {
                verdict = hasIndex ? .plausible : .unplayable("has no index (moov atom): unfinished or truncated")
                return
            }
        }
        verdict = .plausible
    }

    /// Big-endian.
    private static func number(_ bytes: ArraySlice<UInt8>) -> Int {
        bytes.reduce(0) { $0 << 8 | Int($1) }
    }
}
