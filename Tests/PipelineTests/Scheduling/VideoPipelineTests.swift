import Foundation
import Pipeline
import Recognizer
import TestSupport
import Testing

/// Sources, choice of frames, mailbox and inference together, with a tiny model of windows of four frames.
@Suite(.timeLimit(.minutes(5))) struct VideoPipelineTests {
    private static let geometry = RandomModel.geometry(frames: 4)
    private static let mean: [Float] = [120, 120, 120]
    private static let deviation: [Float] = [60, 60, 60]

    private static func plan(_ name: String = "camera", milliseconds: Int = 300, hop: Int = 1, classes: Int = 5)
        -> CameraPlan
    {
        let vocabulary = RandomModel.vocabulary(classes: classes, geometry)
        return CameraPlan(
            name: name, view: ViewGeometry(), period: .milliseconds(milliseconds), hop: hop,
            labels: vocabulary.labels.map { ActionTracker.Label(name: $0, rules: EventRules()) },
            vocabulary: vocabulary)
    }

    private static func pipeline(
        _ plans: [CameraPlan], _ sources: [any FrameSource], _ recorder: OutputRecorder, gate: Gate? = nil,
        state: StateDict = RandomModel.state(geometry)
    ) throws -> VideoPipeline {
        let base = CPUBackend.openBLAS(pool: WorkerPool(workers: 2))
        let backend: any Backend = if let gate { GatedBackend(base: base, gate: gate) } else { base }
        let session = try RecognizerSession(
            weights: ModelWeights(state), geometry: geometry, backend: backend,
            capacity: VideoPipeline.capacity(cameras: plans.count, geometry: geometry))
        return VideoPipeline(plans: plans, sources: sources, session: session, mean: mean, deviation: deviation) {
            recorder.take($0, $1)
        }
    }

    /// Runs one camera through a script and returns all that came of it.
    private func run(
        isLive: Bool = false, _ plan: CameraPlan, _ script: (ScriptedSource) -> Void
    ) async throws -> [OutputRecorder.Entry] {
        let (source, recorder) = (ScriptedSource(isLive: isLive), OutputRecorder())
        let pipeline = try Self.pipeline([plan], [source], recorder)
        pipeline.start()
        script(source)
        source.send(.ended(error: nil))
        let entries = await recorder.collect(untilEndsOf: 1)
        pipeline.stop()
        return entries
    }

    @Test func windowsComeAtTheirTimesWithTheScoresOfTheirFrames() async throws {
        let plan = Self.plan(hop: 2)
        let entries = try await run(plan) { $0.sendFrames(0..<40, everyMilliseconds: 100) }
        // A frame each 300 ms, so frames 0, 3, 6 and so on to 39; a window of four each two of them.
        #expect(
            entries.spans() == [[0, 900], [600, 1500], [1200, 2100], [1800, 2700], [2400, 3300], [3000, 3900]])

        let session = try RandomModel.session(
            Self.geometry, capacity: VisionCapacity(frames: 1, windows: 1, slots: 14))
        let preprocessor = FramePreprocessor(
            imageSize: Self.geometry.imageSize, patchSize: Self.geometry.patchSize, mean: Self.mean,
            deviation: Self.deviation)
        var patches = [Float](repeating: 0, count: Self.geometry.patches * Self.geometry.patchValues)
        for slot in 0..<14 {
            try SyntheticFrame(at: .zero, seed: 3 * slot).withPixels { pixels in
                patches.withUnsafeMutableBufferPointer { buffer in
                    guard let base = buffer.baseAddress else { return }
                    preprocessor.writePatches(pixels, view: ViewGeometry(), to: base)
                }
            }
            session.encodeFrames(patches, count: 1, slots: [slot])
        }
        for (index, window) in entries.compactMap(\.window).enumerated() {
            var feature = [Float](repeating: 0, count: Self.geometry.embeddingWidth)
            var scores: [Float] = []
            session.encodeWindows((0..<4).map { 2 * index + $0 }, count: 1, videoFeatures: &feature)
            session.score(feature, plan.vocabulary, scores: &scores)
            expectClose(window.scores, scores, .scores, "window \(index)")
        }
    }

    @Test(arguments: [1, 3, 4, 7]) func hopIsKept(hop: Int) async throws {
        let entries = try await run(Self.plan(milliseconds: 100, hop: hop)) {
            $0.sendFrames(0..<30, everyMilliseconds: 100)
        }
        #expect(entries.spans() == stride(from: 3, to: 30, by: hop).map { [($0 - 3) * 100, $0 * 100] })
    }

    @Test func gapBeginsANewWindow() async throws {
        let entries = try await run(Self.plan(milliseconds: 100)) {
            $0.sendFrames(0..<6, everyMilliseconds: 100)
            $0.sendFrames(6..<11, everyMilliseconds: 100, from: 5000)
        }
        #expect(entries.spans() == [[0, 300], [100, 400], [200, 500], [5600, 5900], [5700, 6000]])
    }

    @Test func otherPicturesBeginANewWindow() async throws {
        let entries = try await run(Self.plan(milliseconds: 100)) { source in
            for number in 0..<9 {
                let time = StreamTime(nanoseconds: Int64(number) * 100_000_000)
                source.send(.frame(SyntheticFrame(at: time, seed: number, capsGeneration: number / 5)))
            }
        }
        #expect(entries.spans() == [[0, 300], [100, 400], [500, 800]])
    }

    @Test func noWindowHoldsFramesOfTwoEpochs() async throws {
        let entries = try await run(isLive: true, Self.plan(milliseconds: 100)) {
            $0.sendFrames(0..<3, everyMilliseconds: 100)
            $0.send(.newEpoch)
            $0.sendFrames(0..<3, everyMilliseconds: 100)
            $0.send(.newEpoch)
            $0.sendFrames(0..<4, everyMilliseconds: 100)
        }
        let spans = entries.spans()
        #expect(spans.count == 1, "ten frames, of which four in a row share an epoch: \(spans)")
        #expect(spans.allSatisfy { $0[1] - $0[0] == 300 })
    }

    @Test func absurdTimesEndNothing() async throws {
        let entries = try await run(Self.plan(milliseconds: 100)) { source in
            for (number, nanoseconds) in [0, Int64.max, 5, .max - 1, .min, .max, 0, 1, 1 << 62, 7].enumerated() {
                source.send(.frame(SyntheticFrame(at: StreamTime(nanoseconds: nanoseconds), seed: number)))
            }
            source.sendFrames(0..<5, everyMilliseconds: 100, from: 1_000_000)
        }
        #expect(entries.last?.isEnd == true)
    }

    @Test func unusableFrameIsToldOnceAndBeginsANewWindow() async throws {
        let entries = try await run(Self.plan(milliseconds: 100)) { source in
            source.sendFrames(0..<5, everyMilliseconds: 100)
            for number in 5..<9 {
                let time = StreamTime(nanoseconds: Int64(number) * 100_000_000)
                source.send(.frame(SyntheticFrame(at: time, seed: number, isUnusable: true)))
            }
            source.sendFrames(9..<14, everyMilliseconds: 100)
        }
        #expect(entries.spans() == [[0, 300], [100, 400], [900, 1200], [1000, 1300]])
        let reasons = entries.compactMap { entry in
            if case .trouble(.unusableFrame(let reason)) = entry.output { reason } else { nil }
        }
        #expect(reasons.first?.contains("cannot be mapped") == true)
        #expect(reasons.count < 4, "a report a second at most: \(reasons)")
    }

    @Test func framesTooFarApartAreTold() async throws {
        let entries = try await run(Self.plan(milliseconds: 100)) { $0.sendFrames(0..<30, everyMilliseconds: 200) }
        let told = entries.filter {
            if case .trouble(.tooFewFrames(.milliseconds(100))) = $0.output { true } else { false }
        }
        #expect(told.count == 1 && entries.spans().isEmpty)
    }

    @Test func gapsNowAndThenAreNotTold() async throws {
        let entries = try await run(Self.plan(milliseconds: 100)) { source in
            for outage in 0..<20 { source.sendFrames(0..<3, everyMilliseconds: 100, from: outage * 10_000) }
        }
        #expect(entries.allSatisfy { if case .trouble = $0.output { false } else { true } })
    }

    @Test func oneCamerasEndLeavesTheOthersRunning() async throws {
        let (first, second, recorder) = (ScriptedSource(isLive: false), ScriptedSource(isLive: true), OutputRecorder())
        let pipeline = try Self.pipeline(
            [Self.plan("dock", milliseconds: 100), Self.plan("lobby", milliseconds: 100, classes: 9)], [first, second],
            recorder)
        pipeline.start()
        first.sendFrames(0..<4, everyMilliseconds: 100)
        first.send(.ended(error: .unreadable(source: "dock", reason: "cut short")))
        let before = await recorder.collect(untilEndsOf: 1)
        #expect(before.spans(camera: 0) == [[0, 300]] && before.states(camera: 0) == [.disabled])
        second.send(.state(.online, reason: nil))
        second.sendFrames(0..<5, everyMilliseconds: 100)
        let after = await recorder.collect { $0.camera == 1 && $0.window != nil }
        #expect(after.allSatisfy { $0.camera == 1 } && after.states(camera: 1) == [.online])
        #expect(after.last?.window?.scores.count == 9)
        second.send(.ended(error: nil))
        _ = await recorder.collect(untilEndsOf: 1)
        pipeline.stop()
    }

    @Test func sourceThatFailsBeforeItsFirstFrameIsToldAndEnds() async throws {
        let error = PipelineError.unreadable(source: "camera", reason: "not a video")
        let (source, recorder) = (ScriptedSource(isLive: false), OutputRecorder())
        let pipeline = try Self.pipeline([Self.plan()], [source], recorder)
        pipeline.start()
        source.send(.state(.connecting, reason: nil))
        source.send(.state(.disabled, reason: "not a video"))
        source.send(.ended(error: error))
        let entries = await recorder.collect(untilEndsOf: 1)
        pipeline.stop()
        #expect(entries.states() == [.connecting, .disabled])
        guard case .ended(error) = try #require(entries.last).output else {
            Issue.record("\(entries)")
            return
        }
    }

    /// The camera's thread must go on while all of its buffers' frames are being computed, or frames go missing.
    @Test func slowInferenceLosesTheOldestFramesAndNeverHoldsTheCameraUp() async throws {
        let (source, recorder, gate) = (ScriptedSource(isLive: true), OutputRecorder(), Gate())
        let pipeline = try Self.pipeline([Self.plan(milliseconds: 100)], [source], recorder, gate: gate)
        pipeline.start()
        source.sendFrames(0..<2, everyMilliseconds: 100)
        #expect(await gate.arrival() == 1)
        // Frame 0 is being computed. Frames 1 to 4 fill the buffers, and are taken all at once.
        source.sendFrames(2..<6, everyMilliseconds: 100)
        gate.passOne()
        #expect(await gate.arrival() == 4)
        source.sendFrames(6..<26, everyMilliseconds: 100)
        #expect(pipeline.droppedFrames(camera: 0) == 16)
        source.send(.ended(error: nil))
        #expect(pipeline.droppedFrames(camera: 0) == 17)
        gate.open()
        let entries = await recorder.collect(untilEndsOf: 1)
        pipeline.stop()
        // Of frames 0 to 4, the newest window. Then frame 22, which stands for its own instant and the 17 lost ones, once.
        #expect(entries.spans() == [[100, 400], [2200, 2200], [2200, 2300], [2200, 2400], [2200, 2500]])
        #expect(pipeline.counters.windows == 5 && pipeline.counters.skippedWindows == 1 + 17)
        #expect(pipeline.counters.frames == 1 + 4 + 4)
    }

    @Test func cameraThatIsAwayGetsTicksFromItsLastMoment() async throws {
        let (source, recorder) = (ScriptedSource(isLive: true), OutputRecorder())
        let pipeline = try Self.pipeline([Self.plan(milliseconds: 100)], [source], recorder)
        pipeline.start()
        source.sendFrames(0..<3, everyMilliseconds: 100)
        source.send(.state(.offline, reason: "gone"))
        let entries = await recorder.collect { if case .report(.tick) = $0.output { true } else { false } }
        source.stop()
        pipeline.stop()
        guard case .report(.tick(let now)) = try #require(entries.last).output,
            case .report(.state(.offline, reason: "gone", let lastFrame)) = try #require(
                entries.first { $0.window == nil }
            ).output
        else {
            Issue.record("\(entries)")
            return
        }
        #expect(lastFrame == StreamTime(seconds: 0.2))
        #expect(now > StreamTime(seconds: 0.2))
    }

    @Test func modelWithoutFiniteScoresIsReportedAsBroken() async throws {
        var state = RandomModel.state(Self.geometry)
        let projection = try #require(state.tensors["visual.proj"])
        state.tensors["visual.proj"] = StoredTensor(
            copying: Tensor(
                shape: projection.shape, values: [Float](repeating: .nan, count: projection.elementCount)))
        let (source, recorder) = (ScriptedSource(isLive: false), OutputRecorder())
        let pipeline = try Self.pipeline([Self.plan(milliseconds: 100)], [source], recorder, state: state)
        pipeline.start()
        source.sendFrames(0..<40, everyMilliseconds: 100)
        source.send(.ended(error: nil))
        let entries = await recorder.collect(untilEndsOf: 1)
        pipeline.stop()
        #expect(entries.count { if case .broken = $0.output { true } else { false } } == 1)
    }

    @Test(.tags(.gstreamer)) func nothingComesAfterTheStop() async throws {
        let source = try FrameSources.make(
            location: SourceLocation("test://ball?frames=1000000&width=64&height=48"), name: "camera")
        let recorder = OutputRecorder()
        let pipeline = try Self.pipeline([Self.plan(milliseconds: 40)], [source], recorder)
        pipeline.start()
        _ = await recorder.collect { $0.window != nil }
        await withCheckedContinuation { continuation in
            Thread {
                pipeline.stop()
                recorder.finish()
                continuation.resume()
            }.start()
        }
        let rest = await recorder.collect { _ in false }
        #expect(rest.allSatisfy { !$0.isEnd })
        #expect(pipeline.counters.windows >= rest.count)
    }

    @Test func pipelineWithoutCamerasStartsAndStops() throws {
        let pipeline = try Self.pipeline([], [], OutputRecorder())
        pipeline.start()
        pipeline.stop()
    }
}
