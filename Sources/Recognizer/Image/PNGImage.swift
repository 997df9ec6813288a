/// A picture as a PNG file (ISO/IEC 15948): eight bits a channel, not interlaced.
package struct PNGImage: Sendable, Equatable {
    package enum Colour: UInt8, Sendable {
        case rgb = 2
        /// With opacity behind the colours, not multiplied into them.
        case rgba = 6

        package var channels: Int { self == .rgb ? 3 : 4 }
    }

    /// The whole file.
    package let bytes: [UInt8]

    /// - Parameter pixels: (height, width, channels)
    /// - Precondition: at least one pixel, and as many values as the size says.
    package init(width: Int, height: Int, colour: Colour, pixels: [UInt8]) {
        precondition(
            width > 0 && height > 0 && pixels.count == width * height * colour.channels,
            "\(pixels.count) values for \(width)x\(height)")
        var bytes: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        let header = Self.bigEndian(UInt32(width)) + Self.bigEndian(UInt32(height)) + [8, colour.rawValue, 0, 0, 0]
        bytes += Self.chunk("IHDR", header)
        bytes += Self.chunk("IDAT", Zlib.compressed(Self.filtered(pixels, stride: width * colour.channels, colour)))
        bytes += Self.chunk("IEND", [])
        self.bytes = bytes
    }

    private static func bigEndian(_ value: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }

    private static func chunk(_ type: String, _ content: [UInt8]) -> [UInt8] {
        let checked = Array(type.utf8) + content
        return bigEndian(UInt32(content.count)) + checked + bigEndian(checked.withUnsafeBytes(Zlib.checkSum))
    }

    /// Each row behind the number of its filter: the one of none, left, above and Paeth that leaves the smallest differences.
    private static func filtered(_ pixels: [UInt8], stride: Int, _ colour: Colour) -> [UInt8] {
        let step = colour.channels
        var out: [UInt8] = []
        out.reserveCapacity(pixels.count + pixels.count / stride)
        var candidates = [[UInt8]](repeating: [UInt8](repeating: 0, count: stride), count: 4)
        for row in 0..<pixels.count / stride {
            let at = row * stride
            var costs = [0, 0, 0, 0]
            for column in 0..<stride {
                let value = pixels[at + column]
                let left = column < step ? 0 : pixels[at + column - step]
                let above = row == 0 ? 0 : pixels[at + column - stride]
                let corner = row == 0 || column < step ? 0 : pixels[at + column - stride - step]
                let predictions = (UInt8(0), left, above, paeth(left, above, corner))
                candidates[0][column] = value
                candidates[1][column] = value &- predictions.1
                candidates[2][column] = value &- predictions.2
                candidates[3][column] = value &- predictions.3
                for filter in 0..<4 { costs[filter] += abs(Int(Int8(bitPattern: candidates[filter][column]))) }
            }
            let best = costs.indices.min { costs[$0] < costs[$1] } ?? 0
            out.append([0, 1, 2, 4][best])
            out += candidates[best]
        }
        return out
    }

    private static func paeth(_ left: UInt8, _ above: UInt8, _ corner: UInt8) -> UInt8 {
        let estimate = Int(left) + Int(above) - Int(corner)
        let (toLeft, toAbove) = (abs(estimate - Int(left)), abs(estimate - Int(above)))
        let toCorner = abs(estimate - Int(corner))
        if toLeft <= toAbove && toLeft <= toCorner { return left }
        return toAbove <= toCorner ? above : corner
    }
}
