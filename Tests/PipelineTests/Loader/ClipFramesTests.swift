import Pipeline
import TestSupport
import Testing

@Suite(.tags(.gstreamer), .timeLimit(.minutes(1)))
struct ClipFramesTests {
    private let clip = ClipLocation.file(path: Golden.path("clips/b-frames.mp4"))

    @Test func givesTheSamePicturesOneByOneAsTogether() throws {
        let indices = [39, 0, 7, 7, 20]
        let together = try ClipFrames.thumbnails(location: clip, side: 24) { _ in indices }
        #expect(together.map(\.count) == Array(repeating: 24 * 24 * 3, count: 5))
        for (place, index) in indices.enumerated() {
            #expect(try ClipFrames.thumbnails(location: clip, side: 24, indices: { _ in [index] }) == [together[place]])
        }
        #expect(Set(together).count == 4)
    }

    @Test func refusesANumberThatTheClipDoesNotHave() {
        let failure = #expect(throws: ClipFailure.self) {
            try ClipFrames.thumbnails(location: clip, side: 24) { _ in [3, 40] }
        }
        #expect(failure?.reason.contains("has 40 frames; frame 40") == true)
    }
}
