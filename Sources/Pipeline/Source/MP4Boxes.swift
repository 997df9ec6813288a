/// Finds the boxes of an MP4 or QuickTime file without reading what they hold.
struct MP4Boxes {
    struct Box {
        let type: String
        /// Offset of the type field.
        let field: Int
        let body: Range<Int>
    }

    /// Up to `count` bytes at an offset.
    let read: (_ offset: Int, _ count: Int) -> [UInt8]

    /// The boxes within a range, as far as they are well-formed.
    func boxes(in range: Range<Int>, limit: Int) -> [Box] {
        var boxes: [Box] = []
        var offset = range.lowerBound
        while boxes.count < limit, offset + 8 <= range.upperBound {
            let head = read(offset, 16)
            guard head.count >= 8 else { break }
            var (size, start) = (Self.number(head[0..<4]), offset + 8)
            if size == 0 { size = range.upperBound - offset }
            if size == 1, head.count == 16, head[8] < 0x40 { (size, start) = (Self.number(head[8..<16]), offset + 16) }
            guard size >= start - offset, size <= range.upperBound - offset else { break }
            boxes.append(
                Box(
                    type: String(decoding: head[4..<8], as: UTF8.self), field: offset + 4, body: start..<offset + size))
            offset += size
        }
        return boxes
    }

    /// Of a movie's or a medium's header.
    func timescale(of box: Box) -> Int {
        let bytes = read(box.body.lowerBound, 24)
        guard bytes.count == 24 else { return 0 }
        return bytes[0] == 1 ? Self.number(bytes[20..<24]) : Self.number(bytes[12..<16])
    }

    /// Big-endian.
    static func number(_ bytes: ArraySlice<UInt8>) -> Int { bytes.reduce(0) { $0 << 8 | Int($1) } }
}
