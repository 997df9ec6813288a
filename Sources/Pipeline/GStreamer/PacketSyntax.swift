/// How to tell from a compressed picture's bytes what decoding it takes.
enum PacketSyntax: Equatable {
    /// NAL units behind their lengths of so many bytes, as in MP4 and Matroska.
    case h264(lengthBytes: Int)
    case h265(lengthBytes: Int)
    case vp8
    case vp9

    /// What one packet is to the decoder.
    struct Role: Equatable {
        /// Decoding may begin here: neither it nor what follows refers to anything before.
        var isEntry = false
        /// No other picture refers to it.
        var isDisposable = false
        /// False for a reference that is never shown.
        var isPicture = true
    }

    /// Nil for a format whose packets are not looked into.
    /// - Parameter codecData: the decoder's configuration record.
    init?(media: String, codecData: [UInt8]) {
        switch media {
        case "video/x-h264" where codecData.count > 6 && codecData[0] == 1:
            self = .h264(lengthBytes: Int(codecData[4] & 3) + 1)
        case "video/x-h265" where codecData.count > 22:
            self = .h265(lengthBytes: Int(codecData[21] & 3) + 1)
        case "video/x-vp8": self = .vp8
        case "video/x-vp9": self = .vp9
        default: return nil
        }
    }

    /// Nil for a packet that is not one whole picture, or is damaged.
    func role(of packet: UnsafeRawBufferPointer) -> Role? {
        switch self {
        case .h264(let lengthBytes): h264(packet, lengthBytes)
        case .h265(let lengthBytes): h265(packet, lengthBytes)
        case .vp8:
            packet.first.map { Role(isEntry: $0 & 1 == 0, isPicture: $0 & 0x10 != 0) }
        case .vp9: vp9(packet)
        }
    }

    private func h264(_ packet: UnsafeRawBufferPointer, _ lengthBytes: Int) -> Role? {
        var slices: [UInt8] = []
        guard units(packet, lengthBytes, { if (1...5).contains($0 & 31) { slices.append($0) } }) else { return nil }
        guard let first = slices.first else { return nil }
        return Role(isEntry: first & 31 == 5, isDisposable: slices.allSatisfy { $0 & 0x60 == 0 })
    }

    private func h265(_ packet: UnsafeRawBufferPointer, _ lengthBytes: Int) -> Role? {
        var first: UInt8?
        let isWhole = units(packet, lengthBytes) { header in
            let type = header >> 1 & 0x3F
            if type < 32, first == nil { first = type }
        }
        guard isWhole, let first else { return nil }
        // IDR pictures. A CRA picture may be followed by pictures that refer to what came before it.
        return Role(isEntry: first == 19 || first == 20)
    }

    /// Calls `body` with the first byte of each NAL unit. False if the lengths do not add up.
    private func units(_ packet: UnsafeRawBufferPointer, _ lengthBytes: Int, _ body: (UInt8) -> Void) -> Bool {
        var position = 0
        while position < packet.count {
            guard packet.count - position > lengthBytes else { return false }
            let length = packet[position..<position + lengthBytes].reduce(0) { $0 << 8 | Int($1) }
            position += lengthBytes
            guard length > 0, length <= packet.count - position else { return false }
            body(packet[position])
            position += length
        }
        return true
    }

    private func vp9(_ packet: UnsafeRawBufferPointer) -> Role? {
        guard let last = packet.last else { return nil }
        var starts = [0]
        let (count, width) = (Int(last & 7) + 1, Int(last >> 3 & 3) + 1)
        let index = packet.count - 2 - count * width
        if last & 0xE0 == 0xC0, index > 0, packet[index] == last {
            var position = 0
            for frame in 0..<count - 1 {
                let size = packet[index + 1 + frame * width..<index + 1 + (frame + 1) * width]
                    .reversed().reduce(0) { $0 << 8 | Int($1) }
                position += size
                guard position < index else { return nil }
                starts.append(position)
            }
        }
        let heads = starts.compactMap { vp9Frame(packet[$0]) }
        let shown = heads.count { $0.isShown }
        guard heads.count == starts.count, shown <= 1 else { return nil }
        return Role(isEntry: heads[0].isKey, isPicture: shown == 1)
    }

    /// Reads the first byte of a frame's header.
    private func vp9Frame(_ byte: UInt8) -> (isKey: Bool, isShown: Bool)? {
        guard byte >> 6 == 2 else { return nil }
        // The fourth profile has one bit more before what is read here.
        let bits = byte & 0x30 == 0x30 ? byte << 1 : byte
        if bits & 8 != 0 { return (false, true) }
        return (bits & 4 == 0, bits & 2 != 0)
    }
}
