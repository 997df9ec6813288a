import Foundation
import Recognizer
import Synchronization
import TestSupport
import Testing

@testable import Pipeline

@Suite(.timeLimit(.minutes(1))) struct InferenceEngineTests {
    /// The windows that one camera of the small golden model gave, as start and end in seconds.
    private final class Windows: Sendable {
        let spans = Mutex<[[Double]]>([])
    }

    private func patches(_ geometry: ModelGeometry) -> Int { geometry.patches * geometry.patchValues }

    /// Feeds frames that stand for so many instants each, a second apart, and a regular end; runs until that is reached.
    private func run(
        live: Bool, instants: [Int], closeAtFirstWindow: Bool = false
    ) throws -> (windows: [[Double]], counters: EngineCounters) {
        let geometry = GoldenModel.geometry(.kmt)
        let session = try RecognizerSession(
            weights: GoldenModel.weights(), geometry: geometry,
            backend: CPUBackend.openBLAS(pool: WorkerPool(workers: 1)),
            capacity: VideoPipeline.capacity(cameras: 1, geometry: geometry))
        let mailbox = Mailbox(live: [live], valuesPerFrame: patches(geometry), depth: max(4, instants.count))
        var features = [Float](repeating: 0, count: 2 * geometry.embeddingWidth)
        features[0] = 1
        features[geometry.embeddingWidth + 1] = 1
        let vocabulary = Vocabulary(
            labels: ["a", "b"], features: Tensor(shape: [1, 2, geometry.embeddingWidth], values: features))
        let plan = CameraPlan(
            name: "camera", view: ViewGeometry(), period: .seconds(1), hop: 1,
            labels: ["a", "b"].map { ActionTracker.Label(name: $0, rules: EventRules()) }, vocabulary: vocabulary)
        for (index, count) in instants.enumerated() {
            let buffer = try #require(mailbox.reserve(camera: 0))
            buffer.update(repeating: Float(index), count: patches(geometry))
            mailbox.commit(
                camera: 0, patches: buffer, time: StreamTime(seconds: Double(index)), instants: count, arrival: .now,
                streamZero: Date())
        }
        mailbox.post(camera: 0, .ended(nil))
        let seen = Windows()
        let counters = EngineCounters()
        let engine = InferenceEngine(
            session: session, plans: [plan], live: [live], mailbox: mailbox, counters: counters
        ) { _, output in
            switch output {
            case .report(.window(let window)):
                seen.spans.withLock { $0.append([window.start.seconds, window.end.seconds]) }
                if closeAtFirstWindow { mailbox.close() }
            case .ended: mailbox.close()
            default: break
            }
        }
        engine.run()
        return (seen.spans.withLock { $0 }, counters)
    }

    @Test func scoresEveryWindowOfAFile() throws {
        let result = try run(live: false, instants: [1, 1, 1, 3, 1])
        #expect(result.windows == [[0, 3], [1, 3], [2, 3], [3, 4]])
    }

    @Test func scoresOneWindowForALiveFrameThatStandsForManyLostOnes() throws {
        let result = try run(live: true, instants: [1, 1, 1, 20, 1])
        #expect(result.windows == [[3, 3], [3, 4]])
        #expect(result.counters.windows == 2)
    }

    @Test func leavesWindowsWhenItIsToStop() throws {
        let result = try run(live: false, instants: [1000], closeAtFirstWindow: true)
        #expect(result.windows.count == 1)
    }
}
