import Recognizer
import TestSupport
import Testing

@testable import Pipeline

@Suite struct SynthClipTests {
    /// Stops the drawing when enough frames are there.
    private struct Enough: Error {}

    /// The first frames of a clip.
    private func frames(
        _ clip: SynthClip, seed: UInt64 = 0, mixesWalks: Bool = false, count: Int = SynthClip.frameCount
    ) -> [[UInt8]] {
        var frames: [[UInt8]] = []
        try? clip.draw(seed: seed, mixesWalks: mixesWalks) { frame throws(Enough) in
            frames.append(frame)
            if frames.count == count { throw Enough() }
        }
        return frames
    }

    /// The mean column of the pixels that are dark in every colour: rooms are bright. Nil without any.
    private func figurePlace(_ frame: [UInt8]) -> Double? {
        let columns = (0..<frame.count / 3).filter { frame[$0 * 3..<$0 * 3 + 3].allSatisfy { $0 < 105 } }
            .map { $0 % SynthPicture.side }
        return columns.count < 20 ? nil : Double(columns.reduce(0, +)) / Double(columns.count)
    }

    @Test func names() {
        #expect(SynthClip(.train, .jumpingJacks, index: 7).name == "train-doing-jumping-jacks-007.mp4")
        #expect(SynthClip(.val, .emptyRoom, index: 1234).name == "val-empty-room-1234.mp4")
    }

    @Test func theSameSeedDrawsTheSamePicturesAndNothingElseDoes() {
        let clip = SynthClip(.train, .waving, index: 3)
        let first = frames(clip, seed: 5, count: 2)
        #expect(first[0].count == 112 * 112 * 3)
        #expect(frames(clip, seed: 5, count: 2) == first)
        #expect(first[0] != first[1])
        let others = [
            frames(clip, seed: 6, count: 1), frames(SynthClip(.val, .waving, index: 3), seed: 5, count: 1),
            frames(SynthClip(.train, .waving, index: 4), seed: 5, count: 1),
            frames(SynthClip(.train, .kicking, index: 3), seed: 5, count: 1),
        ]
        #expect(others.allSatisfy { $0[0] != first[0] })
    }

    @Test(arguments: [(SynthAction.walkingLeft, -1.0), (.walkingRight, 1.0)])
    func theFigureWalksTheWayItsLabelSays(action: SynthAction, direction: Double) throws {
        let clip = frames(SynthClip(.train, action, index: 0))
        #expect(clip.count == 36)
        let places = try [clip[2], clip[33]].map { try #require(figurePlace($0)) }
        #expect((places[1] - places[0]) * direction > 10, "\(places)")
    }

    @Test func halfOfMixedWalksAreBackwardsAndNothingElseChanges() {
        func changed(_ action: SynthAction) -> Int {
            (0..<20).count { index in
                let clip = SynthClip(.train, action, index: index)
                return frames(clip, mixesWalks: true, count: 1) != frames(clip, count: 1)
            }
        }
        #expect((5...15).contains(changed(.walkingLeft)) && (5...15).contains(changed(.walkingRight)))
        #expect(changed(.running) == 0 && changed(.sittingDown) == 0)
    }

    @Test(arguments: [(SynthAction.walkingLeft, -1.0), (.walkingRight, 1.0)])
    func mixedWalksGoTheWayTheirLabelSays(action: SynthAction, direction: Double) throws {
        for index in 0..<6 {
            let clip = frames(SynthClip(.train, action, index: index), mixesWalks: true)
            let places = try [clip[2], clip[33]].map { try #require(figurePlace($0)) }
            #expect((places[1] - places[0]) * direction > 5, "\(index): \(places)")
        }
    }

    @Test func anEmptyRoomHasNobodyInIt() {
        let clip = frames(SynthClip(.train, .emptyRoom, index: 0), count: 3)
        #expect(clip.allSatisfy { figurePlace($0) == nil })
    }

    @Test func theCameraDriftsAndShakesOverAPictureThatGoesOn() {
        var random = CounterRandom(seed: 4, .drawing, 0)
        let camera = SynthCamera(drawnFrom: &random)
        let plain = SynthPicture { _, _ in SIMD3(100, 100, 100) }
        let frame = camera.frame(of: plain, at: 1, &random)
        let mean = Double(frame.reduce(0) { $0 + Int($1) }) / Double(frame.count)
        let deviation = (frame.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(frame.count))
            .squareRoot()
        #expect((84...116).contains(mean))
        #expect(abs(deviation - 4) < 0.15, "\(deviation)")
    }
}
