import Foundation
import Recognizer
import TestSupport
import Testing

@testable import Pipeline

/// Frames against those that PyAV decodes in order; see `Tests/Oracle/frame_hashes.py`.
@Suite(.tags(.gstreamer, .golden), .timeLimit(.minutes(2)))
struct ClipDecoderTests {
    /// CRC-32 of each frame's luma, by clip.
    private static let expected: [String: [String]] =
        (try? JSONDecoder().decode(
            [String: [String]].self, from: Data(contentsOf: URL(filePath: Golden.path("clips/frames.json"))))) ?? [:]

    private static let table: [UInt32] = (0..<256).map { start in
        (0..<8).reduce(UInt32(start)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ value >> 1 : value >> 1 }
    }

    private static func checksum(_ frame: PixelFrame) -> String {
        var sum = UInt32.max
        for y in 0..<frame.height {
            let row = frame.planes[0].base + y * frame.planes[0].strideBytes
            for x in 0..<frame.width { sum = table[Int((sum ^ UInt32(row[x])) & 255)] ^ sum >> 8 }
        }
        return String(format: "%08x", ~sum)
    }

    private func frames(_ clip: String, wanted: @escaping (Int) -> [Int]) throws -> (total: Int, [Int: String]) {
        var found: [Int: String] = [:]
        let total = try ClipDecoder().read(.file(path: Golden.path("clips/\(clip)")), wanted: wanted) {
            found[$1] = Self.checksum($2)
        }
        return (total, found)
    }

    @Test func theGoldenIsThere() { #expect(Self.expected.count == 17) }

    @Test(arguments: expected.keys.sorted()) func allFramesAreWhatPyAVDecodes(clip: String) throws {
        let hashes = try #require(Self.expected[clip])
        let (total, found) = try frames(clip) { Array(0..<$0) }
        #expect(total == hashes.count)
        #expect((0..<total).map { found[$0] } == hashes)
    }

    @Test(arguments: expected.keys.sorted()) func someFramesAreTheSameAsInOrder(clip: String) throws {
        let hashes = try #require(Self.expected[clip])
        for index in Set([0, hashes.count / 3, hashes.count / 2, hashes.count - 1]) {
            let (total, found) = try frames(clip) { _ in [index] }
            #expect(total == hashes.count)
            #expect(found == [index: hashes[index]])
        }
    }
}
