import Foundation
import Pipeline
import TestSupport
import Testing

/// Files of which only key frames are decoded.
@Suite(.tags(.gstreamer), .timeLimit(.minutes(2))) struct KeyFrameSourceTests {
    /// 240 frames at 30 per second with references both ways, a key frame each 10.
    private static func clip(_ folder: TemporaryFolder) async throws -> String {
        try await folder.launch(
            "videotestsrc num-buffers=240 pattern=ball ! video/x-raw,width=64,height=64,framerate=30/1 ! "
                + "x264enc key-int-max=10 bframes=2 ! mp4mux ! filesink location=groups.mp4")
        return folder.path("groups.mp4")
    }

    private static func frames(
        _ file: String, _ mode: KeyFrameFilter.Mode, period: Duration = .seconds(1)
    ) async throws -> (numbers: [Int], counters: SourceCounters) {
        var options = SourceOptions()
        options.decode = mode
        options.samplingPeriod = period
        let recorder = try SourceRecorder(file, options: options)
        let events = await recorder.allEvents()
        #expect(events.failure == nil)
        let first = try #require(events.times.first)
        let numbers = events.times.map { Int((($0.seconds - first.seconds) * 30).rounded()) }
        return (numbers, recorder.source.counters)
    }

    @Test func keyFramesComeAloneAtTheirOwnTimes() async throws {
        let folder = try TemporaryFolder()
        let (numbers, counters) = try await Self.frames(Self.clip(folder), .keyframes)
        #expect(numbers == Array(stride(from: 0, to: 240, by: 10)))
        #expect(counters.corrupt == 0 && counters.untimed == 0)
    }

    @Test func slowSamplingTurnsToKeyFramesAfterThreeGroups() async throws {
        let folder = try TemporaryFolder()
        let (numbers, _) = try await Self.frames(Self.clip(folder), .auto, period: .seconds(1))
        #expect(numbers == Array(0..<30) + Array(stride(from: 30, to: 240, by: 10)))
    }

    @Test func fastSamplingDecodesAll() async throws {
        let folder = try TemporaryFolder()
        let (numbers, _) = try await Self.frames(Self.clip(folder), .auto, period: .milliseconds(500))
        #expect(numbers == Array(0..<240))
    }

    /// Pictures behind a key frame may belong before it, and refer to what was left out.
    @Test(arguments: ["open-groups.mp4", "h265-open.mkv", "mpeg2.ts", "hidden-references.vp9.webm", "mjpeg.avi"])
    func picturesOfOtherFormatsComeAtTimesThatTheyHaveOtherwise(name: String) async throws {
        let file = Golden.path("clips/\(name)")
        let (all, _) = try await Self.frames(file, .all)
        let (keys, counters) = try await Self.frames(file, .keyframes)
        #expect(!keys.isEmpty && keys.count <= all.count)
        #expect(Set(keys).isSubset(of: all))
        #expect(keys == keys.sorted() && counters.untimed == 0)
    }
}
