import Foundation
import Pipeline
import TestSupport
import Testing

@Suite struct ClipSamplingTests {
    private struct Row: Decodable {
        let totalFrames: Int
        let frames: Int
        let indices: [Int]
    }

    @Test func takesTheFramesOfTheReference() throws {
        let data = try Data(contentsOf: URL(fileURLWithPath: Golden.path("data/frame-sampling.json")))
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let rows = try decoder.decode([Row].self, from: data)
        #expect(rows.count == 45)
        for row in rows {
            #expect(
                ClipSampling(frames: row.frames).indices(of: row.totalFrames) == row.indices, "\(row.totalFrames)")
        }
    }

    @Test func takesNothingFromAnEmptyClip() {
        #expect(ClipSampling(frames: 8).indices(of: 0) == [])
    }

    @Test func staysInsideTheClipAndInOrder() {
        for total in 1...200 {
            let indices = ClipSampling(frames: 8).indices(of: total)
            #expect(indices == indices.sorted() && indices.allSatisfy { (0..<total).contains($0) }, "\(total)")
        }
    }
}
