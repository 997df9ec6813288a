import Foundation
import Testing

@testable import Recognizer

@Suite struct PNGImageTests {
    /// A file taken apart by the standard: chunks, check sums by the polynomial, filters undone.
    private struct Decoded {
        var width = 0
        var height = 0
        var pixels: [UInt8] = []

        init(_ bytes: [UInt8]) throws {
            try #require(bytes.prefix(8) == [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
            func number(_ at: Int) -> Int { bytes[at..<at + 4].reduce(0) { $0 << 8 | Int($1) } }
            var (at, channels, packed) = (8, 0, [UInt8]())
            var types: [String] = []
            while at < bytes.count {
                let count = number(at)
                let type = String(decoding: bytes[at + 4..<at + 8], as: UTF8.self)
                #expect(Self.checkSum(bytes[at + 4..<at + 8 + count]) == UInt32(number(at + 8 + count)), "\(type)")
                types.append(type)
                if type == "IHDR" {
                    (width, height) = (number(at + 8), number(at + 12))
                    #expect(bytes[at + 16] == 8 && Array(bytes[at + 18..<at + 21]) == [0, 0, 0])
                    channels = bytes[at + 17] == 6 ? 4 : 3
                }
                if type == "IDAT" { packed += bytes[at + 8..<at + 8 + count] }
                at += count + 12
            }
            #expect(types == ["IHDR", "IDAT", "IEND"])
            let lines = try packed.withUnsafeBytes { try Zlib.inflated($0, limit: 1 << 20) }
            let stride = width * channels
            try #require(lines.count == (stride + 1) * height)
            var above = [UInt8](repeating: 0, count: stride)
            for row in 0..<height {
                var line = Array(lines[row * (stride + 1) + 1..<(row + 1) * (stride + 1)])
                for column in 0..<stride {
                    let left = column < channels ? 0 : line[column - channels]
                    let corner = column < channels ? 0 : above[column - channels]
                    switch lines[row * (stride + 1)] {
                    case 1: line[column] &+= left
                    case 2: line[column] &+= above[column]
                    case 4:
                        let estimate = Int(left) + Int(above[column]) - Int(corner)
                        let near = [left, above[column], corner].map { abs(estimate - Int($0)) }
                        let best = near.firstIndex(of: near.min() ?? 0) ?? 0
                        line[column] &+= [left, above[column], corner][best]
                    case let filter: #expect(filter == 0)
                    }
                }
                pixels += line
                above = line
            }
        }

        private static func checkSum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
            var sum = UInt32.max
            for byte in bytes {
                sum ^= UInt32(byte)
                for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1 }
            }
            return ~sum
        }
    }

    @Test(arguments: [(1, 1), (7, 3), (33, 9), (1, 40)], [PNGImage.Colour.rgb, .rgba])
    func keepsEveryPixel(size: (Int, Int), colour: PNGImage.Colour) throws {
        let (width, height) = size
        let noise = (0..<width * height * colour.channels).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) }
        let slope = (0..<width * height * colour.channels).map { UInt8(truncatingIfNeeded: $0 / 3) }
        for pixels in [noise, slope] {
            let decoded = try Decoded(PNGImage(width: width, height: height, colour: colour, pixels: pixels).bytes)
            #expect(decoded.width == width && decoded.height == height)
            #expect(decoded.pixels == pixels)
        }
    }

    @Test func packsEvenPicturesWell() {
        let image = PNGImage(
            width: 600, height: 600, colour: .rgba, pixels: [UInt8](repeating: 0, count: 600 * 600 * 4))
        #expect(image.bytes.count < 4_000)
    }
}
