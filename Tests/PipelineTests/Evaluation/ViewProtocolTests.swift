import Recognizer
import Testing

@testable import Pipeline

@Suite struct ViewProtocolTests {
    private static func indices(_ views: ViewProtocol, of total: Int, clip: String = "a.mp4") -> [[Int]] {
        views.views(of: total, clip: clip).map(\.indices)
    }

    @Test(arguments: [1, 3, 8, 16, 32]) func oneViewIsTheSingleViewProtocol(frames: Int) {
        for total in 1...400 {
            let expected = ClipSampling(frames: frames).indices(of: total)
            #expect(Self.indices(ViewProtocol(frames: frames), of: total) == [expected])
        }
    }

    @Test func viewsInTimeAreSpreadEvenlyOverEachSegment() {
        #expect(Self.indices(ViewProtocol(frames: 2, clips: 2), of: 16) == [[2, 10], [6, 14]])
        #expect(Self.indices(ViewProtocol(frames: 2, clips: 4), of: 16) == [[1, 9], [3, 11], [5, 13], [7, 15]])
        #expect(Self.indices(ViewProtocol(frames: 4, clips: 2), of: 3) == [[0, 0, 1, 2], [0, 1, 2, 2]])
    }

    @Test func threeCropsShowTheSameFrames() {
        let views = ViewProtocol(frames: 2, clips: 2, crops: 3).views(of: 16, clip: "a.mp4")
        #expect(views.map(\.indices) == [[2, 10], [2, 10], [2, 10], [6, 14], [6, 14], [6, 14]])
        #expect(views.map(\.geometry.crop) == [.third(0), .third(1), .third(2), .third(0), .third(1), .third(2)])
        #expect(ViewProtocol(frames: 2).views(of: 16, clip: "a.mp4").map(\.geometry) == [ViewGeometry()])
    }

    @Test func denseViewsLieAroundEvenlySpreadCentres() {
        let dense = ViewProtocol(frames: 4, clips: 2, sampling: .dense(stride: 3))
        // Ten frames around 25 and 75 of 100.
        #expect(Self.indices(dense, of: 100) == [[20, 23, 26, 29], [70, 73, 76, 79]])
        #expect(Self.indices(dense, of: 12) == [[0, 3, 6, 9], [2, 5, 8, 11]])
        #expect(Self.indices(dense, of: 10) == [[0, 3, 6, 9], [0, 3, 6, 9]])
        #expect(Self.indices(dense, of: 9) == Self.indices(ViewProtocol(frames: 4, clips: 2), of: 9))
    }

    @Test(arguments: [ViewProtocol.Sampling.segments, .dense(stride: 1), .dense(stride: 5)], [nil, UInt64(3047)])
    func everyIndexIsAFrameOfTheClipAndNoneGoesBack(sampling: ViewProtocol.Sampling, seed: UInt64?) {
        let views = ViewProtocol(frames: 7, clips: 3, crops: 1, sampling: sampling, seed: seed)
        for total in 1...120 {
            for indices in Self.indices(views, of: total, clip: "clip \(total)") {
                #expect(indices.count == 7)
                #expect(indices.allSatisfy { (0..<total).contains($0) })
                #expect(zip(indices, indices.dropFirst()).allSatisfy { $0 <= $1 }, "\(indices) of \(total)")
            }
        }
    }

    @Test func seededViewsTakeARandomFrameOfEachWholeSegment() {
        let views = ViewProtocol(frames: 4, clips: 8, seed: 1)
        let drawn = Self.indices(views, of: 43)
        for indices in drawn {
            for (segment, index) in indices.enumerated() { #expect((segment * 10..<segment * 10 + 10).contains(index)) }
        }
        #expect(Set(drawn).count > 4)
        #expect(Set(drawn.map { $0[0] }).count > 3)
    }

    @Test func drawsFollowFromSeedAndNameAlone() {
        let views = ViewProtocol(frames: 8, clips: 4, seed: 7)
        let one = Self.indices(views, of: 300, clip: "a.mp4")
        #expect(one == Self.indices(ViewProtocol(frames: 8, clips: 4, seed: 7), of: 300, clip: "a.mp4"))
        #expect(one != Self.indices(views, of: 300, clip: "b.mp4"))
        #expect(one != Self.indices(ViewProtocol(frames: 8, clips: 4, seed: 8), of: 300, clip: "a.mp4"))
        // The first of four views is the one view of one.
        #expect(one[0] == Self.indices(ViewProtocol(frames: 8, seed: 7), of: 300, clip: "a.mp4")[0])
    }

    @Test func numbersOfViewsAreReadStrictly() {
        #expect(ViewProtocol.counts("4x3").map { [$0.clips, $0.crops] } == [4, 3])
        #expect(ViewProtocol.counts("64x1").map { [$0.clips, $0.crops] } == [64, 1])
        for text in ["", "4", "0x3", "4x2", "65x1", "4x3x1", "4 x3", "-1x1", "x", "4X3"] {
            #expect(ViewProtocol.counts(text) == nil, "\(text)")
        }
    }
}
