import Foundation
import Pipeline
import Recognizer
import TestSupport
import Testing

/// Cameras with a motion gate, from the picture to the window.
@Suite(.tags(.gstreamer), .timeLimit(.minutes(2))) struct MotionGatePipelineTests {
    /// Windows of four frames of 64 by 64 pixels.
    private static let geometry = ModelGeometry(
        imageSize: 64, patchSize: 16, frames: 4, visionWidth: 64, visionLayers: 2, temporalLayers: 2,
        embeddingWidth: 40, textWidth: 64, textLayers: 1, contextLength: 20, vocabularySize: 514, mask: .kmt)

    private static func plan(_ name: String, milliseconds: Int, threshold: Double?) -> CameraPlan {
        let vocabulary = RandomModel.vocabulary(classes: 5, geometry)
        return CameraPlan(
            name: name, view: ViewGeometry(), period: .milliseconds(milliseconds), hop: 1,
            labels: vocabulary.labels.map { ActionTracker.Label(name: $0, rules: EventRules()) },
            vocabulary: vocabulary, motionThreshold: threshold)
    }

    private static func pipeline(
        _ plans: [CameraPlan], _ sources: [any FrameSource], _ recorder: OutputRecorder
    ) throws -> VideoPipeline {
        let session = try RandomModel.session(
            geometry, capacity: VideoPipeline.capacity(cameras: plans.count, geometry: geometry))
        return VideoPipeline(
            plans: plans, sources: sources, session: session, mean: [120, 120, 120], deviation: [60, 60, 60]
        ) { recorder.take($0, $1) }
    }

    private static func run(
        _ uris: [String], milliseconds: Int, thresholds: [Double?]
    ) async throws -> (entries: [OutputRecorder.Entry], counters: EngineCounters) {
        let recorder = OutputRecorder()
        let sources = try uris.map { try FrameSources.make(location: Location($0), name: "camera") }
        let plans = zip(uris, thresholds).map { plan($0, milliseconds: milliseconds, threshold: $1) }
        let pipeline = try pipeline(plans, sources, recorder)
        pipeline.start()
        let entries = await recorder.collect(untilEndsOf: uris.count)
        pipeline.stop()
        return (entries, pipeline.counters)
    }

    @Test func frozenPictureIsScoredOnceAndAMovingOneAlways() async throws {
        let picture = "width=128&height=128&rate=10&frames=40"
        let (entries, counters) = try await Self.run(
            ["test://checkers-8?\(picture)", "test://ball?\(picture)", "test://checkers-8?\(picture)"],
            milliseconds: 100, thresholds: [8, 8, nil])
        let windows = (0..<3).map { camera in entries.filter { $0.camera == camera }.compactMap(\.window) }
        #expect(windows.map(\.count) == [37, 37, 37])
        #expect(windows[0].map(\.isReused) == [false] + Array(repeating: true, count: 36))
        #expect(windows[1].allSatisfy { !$0.isReused } && windows[2].allSatisfy { !$0.isReused })
        #expect((0..<3).map { counters.reusedWindows(camera: $0) } == [36, 0, 0])
        #expect(counters.windows == 1 + 37 + 37 && counters.frames == 1 + 40 + 40)
        for window in windows[0] { #expect(window.scores == windows[0][0].scores) }
        // What is reused is what would have been computed.
        expectClose(windows[0][36].scores, windows[2][36].scores, .scores, "a frozen picture")
    }

    @Test func emptyRoomOfTheSampleIsReusedAndItsActionsAreNot() async throws {
        let (entries, counters) = try await Self.run([SampleFile.demo], milliseconds: 200, thresholds: [8])
        let windows = entries.compactMap(\.window)
        let empty = windows.filter { $0.start.seconds > 29.1 }
        #expect(empty.count >= 6 && empty.dropFirst().allSatisfy(\.isReused))
        for (action, span) in [("waving", 2.5...7.1), ("jumping jacks", 9.7...14.3), ("walking", 24.1...26.3)] {
            let inside = windows.filter { $0.start.seconds >= span.lowerBound && $0.end.seconds <= span.upperBound }
            #expect(inside.count > 5 && inside.allSatisfy { !$0.isReused }, "\(action)")
        }
        #expect(counters.reusedWindows(camera: 0) == windows.count { $0.isReused })
    }

    @Test func firstWindowAfterARestartIsScored() async throws {
        let (source, recorder) = (ScriptedSource(isLive: false), OutputRecorder())
        let pipeline = try Self.pipeline([Self.plan("camera", milliseconds: 100, threshold: 8)], [source], recorder)
        pipeline.start()
        func send(from first: Int) {
            for number in 0..<7 {
                let time = StreamTime(nanoseconds: Int64(first + number * 100) * 1_000_000)
                source.send(.frame(SyntheticFrame(at: time, seed: 1)))
            }
        }
        send(from: 0)
        send(from: 5000)
        source.send(.newEpoch)
        send(from: 0)
        source.send(.ended(error: nil))
        let windows = await recorder.collect(untilEndsOf: 1).compactMap(\.window)
        pipeline.stop()
        let scoredOnce = [false, true, true, true]
        #expect(windows.map(\.isReused) == scoredOnce + scoredOnce + scoredOnce)
    }
}
