import Recognizer
import TestSupport
import Testing

@testable import Pipeline

@Suite struct ClipEncoderTests {
    private static let geometry = EvaluationFixture.geometry

    /// Each view by itself, all of its frames computed.
    private static func viewByView(_ clip: DecodedClip) throws -> [Float] {
        let frames = geometry.frames
        let session = try RandomModel.session(
            geometry, capacity: VisionCapacity(frames: frames, windows: 1, slots: frames))
        let perView = clip.patches.count / clip.views.count
        var out: [Float] = []
        for view in clip.views.indices {
            var feature = [Float](repeating: 0, count: geometry.embeddingWidth)
            session.encodeFrames(
                Array(clip.patches[view * perView..<(view + 1) * perView]), count: frames, slots: Array(0..<frames))
            session.encodeWindows(Array(0..<frames), count: 1, videoFeatures: &feature)
            out += feature
        }
        return out
    }

    @Test(
        arguments: [
            ViewProtocol(frames: 4), ViewProtocol(frames: 4, clips: 4, crops: 3),
            ViewProtocol(frames: 4, clips: 5, sampling: .dense(stride: 2)),
            ViewProtocol(frames: 4, clips: 3, crops: 3, seed: 1),
        ], [1, 3, 11, 40])
    func givesWhatEachViewGivesByItself(views: ViewProtocol, frames: Int) throws {
        let encoder = ClipEncoder(session: try EvaluationFixture.makeSession(views), views: views)
        let clip = EvaluationFixture.clip(1, frames: frames, views)
        expectClose(encoder.features(of: clip), try Self.viewByView(clip), .scores, "features")
    }

    @Test func aClipsNumbersDoNotDependOnTheClipsBeforeIt() throws {
        let views = ViewProtocol(frames: 4, clips: 4, crops: 3)
        let clips = (0..<6).map { EvaluationFixture.clip($0, frames: EvaluationFixture.frames($0), views) }
        let one = ClipEncoder(session: try EvaluationFixture.makeSession(views), views: views)
        let inOrder = clips.map { one.features(of: $0) }
        for (clip, expected) in zip(clips, inOrder).reversed() {
            let fresh = ClipEncoder(session: try EvaluationFixture.makeSession(views), views: views)
            #expect(fresh.features(of: clip) == expected)
        }
    }
}
