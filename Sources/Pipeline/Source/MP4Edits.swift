/// The edit list of an MP4 or QuickTime file's first video track: which stretches of its pictures are meant to be seen.
///
/// Demuxers differ in how they follow it, and few keep the pictures before a stretch that its first ones refer to. So it is read
/// here, and hidden from the demuxer.
struct MP4Edits: Equatable, Sendable {
    /// Offsets in the file of the type fields (`edts`) of all tracks' edit boxes, four bytes each.
    private(set) var typeFields: [Int] = []
    /// Units per second of `stretches`.
    private(set) var timescale = 0
    /// In media time; nil if all pictures are seen.
    private(set) var stretches: [Range<Int>]?

    /// A type that demuxers skip.
    static let skipped = Array("free".utf8)

    /// - Parameter read: up to `count` bytes at an offset.
    init(byteCount: Int, read: @escaping (_ offset: Int, _ count: Int) -> [UInt8]) {
        let boxes = MP4Boxes(read: read)
        guard let first = boxes.boxes(in: 0..<byteCount, limit: 1).first,
            ["ftyp", "moov", "mdat", "free", "wide", "skip"].contains(first.type),
            let movie = boxes.boxes(in: 0..<byteCount, limit: 64).first(where: { $0.type == "moov" })
        else { return }
        var movieScale = 0
        var track: Track?
        var isFragmented = false
        for box in boxes.boxes(in: movie.body, limit: 256) {
            switch box.type {
            case "mvhd": movieScale = boxes.timescale(of: box)
            case "mvex": isFragmented = true
            case "trak":
                let found = Track(box, boxes)
                typeFields += found.typeFields
                if found.isVideo, track == nil { track = found }
            default: break
            }
        }
        // The pictures of fragments are seen whatever the list says.
        guard let track, let list = track.list, !isFragmented, movieScale > 0, track.timescale > 0 else { return }
        timescale = track.timescale
        stretches = Self.stretches(list, boxes, movieScale: movieScale, timescale: track.timescale)
    }

    /// Whether a picture is seen.
    /// - Parameter presentation: its media time, in nanoseconds.
    func shows(_ presentation: Int64) -> Bool {
        guard let stretches else { return true }
        let time = Int((Double(presentation) * Double(timescale) / 1e9).rounded())
        return stretches.contains { $0.contains(time) }
    }

    private static func stretches(
        _ list: Range<Int>, _ boxes: MP4Boxes, movieScale: Int, timescale: Int
    ) -> [Range<Int>]? {
        let head = boxes.read(list.lowerBound, 8)
        guard head.count == 8, list.count >= 8 else { return nil }
        let width = head[0] == 1 ? 8 : 4
        let count = min(MP4Boxes.number(head[4..<8]), (list.count - 8) / (2 * width + 4), 1024)
        var stretches: [Range<Int>] = []
        for index in 0..<count {
            let entry = boxes.read(list.lowerBound + 8 + index * (2 * width + 4), 2 * width)
            // The sign bit stands for a pause without pictures; other times as large are nonsense.
            guard entry.count == 2 * width, entry[0] < 0x40 || width == 4, entry[width] < 0x80 else { continue }
            let (duration, start) = (MP4Boxes.number(entry[..<width]), MP4Boxes.number(entry[width...]))
            let (product, isHuge) = duration.multipliedReportingOverflow(by: timescale)
            let length = (product + movieScale / 2) / movieScale
            let (end, isBeyond) = start.addingReportingOverflow(length)
            // Without a length: to the end.
            stretches.append(start..<(duration == 0 || isHuge || isBeyond ? Int.max : end))
        }
        return stretches.isEmpty ? nil : stretches
    }

    private struct Track {
        var isVideo = false
        var timescale = 0
        var list: Range<Int>?
        var typeFields: [Int] = []

        init(_ trak: MP4Boxes.Box, _ boxes: MP4Boxes) {
            for box in boxes.boxes(in: trak.body, limit: 64) {
                switch box.type {
                case "edts":
                    typeFields.append(box.field)
                    list = boxes.boxes(in: box.body, limit: 8).first { $0.type == "elst" }?.body
                case "mdia":
                    for part in boxes.boxes(in: box.body, limit: 16) {
                        if part.type == "mdhd" { timescale = boxes.timescale(of: part) }
                        if part.type == "hdlr" {
                            isVideo = boxes.read(part.body.lowerBound + 8, 4) == Array("vide".utf8)
                        }
                    }
                default: break
                }
            }
        }
    }
}
