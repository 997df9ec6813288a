/// One block of a tar archive that announces a member.
struct TarHeader: Equatable {
    static let blockBytes = 512

    enum Kind: Equatable {
        case regular
        case directory
        /// GNU: the data is the next member's name.
        case longName
        /// GNU: the data is where the next member, a link, leads.
        case longLink
        /// Pax: the data is records about the next member.
        case pax
        /// Pax: the data is records about all members that follow.
        case globalPax
        /// GNU's name of the archive; no member.
        case volumeLabel
        case hardLink
        case sparse
        /// `a symbolic link`, ...: never a clip, and without data.
        case dataless(String)
        /// Never a clip; its data is passed over.
        case unknown(String)
    }

    let kind: Kind
    /// As in the header, up to the first NUL; a long name may replace it.
    let name: [UInt8]
    /// Bytes that follow, without the padding to whole blocks. Nil if the field is no number.
    let byteCount: Int?
    /// Of a sparse member: whether a block with more of its map follows.
    let hasMoreMap: Bool

    /// What a block is not, if it is no header.
    struct Fault: Error, Equatable {
        let reason: String
    }

    /// - Precondition: a whole block.
    init(_ block: [UInt8]) throws(Fault) {
        precondition(block.count == Self.blockBytes, "a tar block of \(block.count) bytes")
        // Old writers summed signed bytes.
        let blanked = block[..<148] + [UInt8](repeating: 0x20, count: 8) + block[156...]
        let sum = blanked.reduce(0) { $0 + Int($1) }
        let signedSum = blanked.reduce(0) { $0 + Int(Int8(bitPattern: $1)) }
        guard let written = Self.number(block[148..<156]), written == sum || written == signedSum else {
            throw Fault(reason: "the checksum of the header is wrong")
        }
        var name = Self.text(block[..<100])
        let prefix = Self.text(block[345..<500])
        // GNU's own magic ends in blanks; it keeps times where POSIX has the prefix.
        if block[257..<263].elementsEqual("ustar\0".utf8), !prefix.isEmpty {
            name = prefix + [UInt8(ascii: "/")] + name
        }
        self.name = name
        byteCount = Self.number(block[124..<136])
        hasMoreMap = block[482] != 0
        kind = Self.kind(block[156], name: name)
    }

    private static func kind(_ flag: UInt8, name: [UInt8]) -> Kind {
        switch flag {
        // Before POSIX a directory was a file whose name ends in a slash.
        case 0 where name.last == UInt8(ascii: "/"), UInt8(ascii: "5"): .directory
        case 0, UInt8(ascii: "0"), UInt8(ascii: "7"): .regular
        case UInt8(ascii: "1"): .hardLink
        case UInt8(ascii: "2"): .dataless("a symbolic link")
        case UInt8(ascii: "3"), UInt8(ascii: "4"): .dataless("a device")
        case UInt8(ascii: "6"): .dataless("a pipe")
        case UInt8(ascii: "L"): .longName
        case UInt8(ascii: "K"): .longLink
        case UInt8(ascii: "x"), UInt8(ascii: "X"): .pax
        case UInt8(ascii: "g"): .globalPax
        case UInt8(ascii: "S"): .sparse
        case UInt8(ascii: "V"): .volumeLabel
        case UInt8(ascii: "M"): .unknown("the rest of a file that begins in another volume")
        default: .unknown("a member of unknown type \(flag)")
        }
    }

    private static func text(_ field: ArraySlice<UInt8>) -> [UInt8] { Array(field.prefix { $0 != 0 }) }

    /// Octal digits between blanks and NULs, or GNU's big-endian binary after a set top bit. Nil for anything else, negative
    /// numbers and what does not fit included.
    static func number(_ field: ArraySlice<UInt8>) -> Int? {
        guard let first = field.first else { return nil }
        if first & 0x80 != 0 {
            guard first == 0x80 else { return nil }
            var value = 0
            for byte in field.dropFirst() {
                guard value <= Int.max >> 8 else { return nil }
                value = value << 8 | Int(byte)
            }
            return value
        }
        let digits = field.drop { $0 == 0x20 }.prefix { $0 != 0x20 && $0 != 0 }
        let rest = field[digits.endIndex...]
        guard rest.allSatisfy({ $0 == 0x20 || $0 == 0 }) else { return nil }
        var value = 0
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "7")).contains(digit), value <= Int.max >> 3 else { return nil }
            value = value << 3 | Int(digit - UInt8(ascii: "0"))
        }
        return value
    }
}
