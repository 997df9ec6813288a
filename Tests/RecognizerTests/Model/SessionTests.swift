import Foundation
import TestSupport
import Testing

@testable import Recognizer

/// What must not change a result: how many threads compute it, and what is computed beside it.
@Suite(.tags(.property)) struct SessionTests {
    private static func pictures(_ count: Int, _ geometry: ModelGeometry) -> [Float] {
        var numbers = SeededNumbers(seed: 5)
        return numbers.floats(count * geometry.patches * geometry.patchValues, in: -2...2)
    }

    private func features(_ session: RecognizerSession, _ slots: [Int], windows: Int = 1) -> [Float] {
        var out = [Float](repeating: .nan, count: windows * session.geometry.embeddingWidth)
        session.encodeWindows(slots, count: windows, videoFeatures: &out)
        return out
    }

    /// Bit for bit, so that a result can be repeated on another machine.
    @Test(arguments: KroneckerMask.allCases, TestBackend.allCases)
    func anyNumberOfThreadsGivesTheSame(mask: KroneckerMask, on library: TestBackend) throws {
        let geometry = RandomModel.geometry(heads: 3, mask: mask)
        let frames = Self.pictures(8, geometry)
        let slots = Array(0..<8)
        let capacity = VisionCapacity(frames: 8, windows: 2, slots: 8)
        var results: [[Float]] = []
        for workers in 1...3 {
            let session = try RandomModel.session(geometry, on: library, workers: workers, capacity: capacity)
            session.encodeFrames(frames, count: 8, slots: slots)
            results.append(features(session, slots, windows: 2))
        }
        expectClose(results[1], results[0], .exact, "two threads")
        expectClose(results[2], results[0], .exact, "three threads")
    }

    /// Bit for bit with packed weights; OpenBLAS rounds in another way for another number of rows.
    @Test(arguments: TestBackend.allCases) func neighboursInABatchChangeNothing(on library: TestBackend) throws {
        let isPacked = library == .fastest && (Panels(.float32) != nil || LinkedLibrary.oneDNN != nil)
        let tolerance = isPacked ? Tolerance.exact : .algebraic
        let geometry = RandomModel.geometry()
        let perFrame = geometry.patches * geometry.patchValues
        let frames = Self.pictures(7, geometry)
        let together = try RandomModel.session(
            geometry, on: library, workers: 2, capacity: VisionCapacity(frames: 7, windows: 3, slots: 7))
        together.encodeFrames(frames, count: 7, slots: Array(0..<7))
        let alone = try RandomModel.session(
            geometry, on: library, capacity: VisionCapacity(frames: 1, windows: 1, slots: 7))
        for frame in 0..<7 {
            alone.encodeFrames(Array(frames[frame * perFrame..<(frame + 1) * perFrame]), count: 1, slots: [frame])
        }
        for slot in 0..<7 {
            expectClose(
                alone.readSpatialFeatures(slot: slot), together.readSpatialFeatures(slot: slot), tolerance,
                "frame \(slot)")
        }
        let windows = [[0, 1, 2, 3], [3, 4, 5, 6], [6, 6, 0, 2]]
        let batch = features(together, windows.flatMap { $0 }, windows: 3)
        for (index, window) in windows.enumerated() {
            let width = geometry.embeddingWidth
            expectClose(
                features(alone, window), batch[index * width..<(index + 1) * width], tolerance, "window \(window)")
        }
    }

    @Test func slotsMayBeUsedAgain() throws {
        let geometry = RandomModel.geometry()
        let perFrame = geometry.patches * geometry.patchValues
        let frames = Self.pictures(9, geometry)
        let ring = try RandomModel.session(geometry, capacity: VisionCapacity(frames: 1, windows: 1, slots: 4))
        let wide = try RandomModel.session(geometry, capacity: VisionCapacity(frames: 1, windows: 1, slots: 9))
        for frame in 0..<9 {
            let picture = Array(frames[frame * perFrame..<(frame + 1) * perFrame])
            ring.encodeFrames(picture, count: 1, slots: [frame % 4])
            wide.encodeFrames(picture, count: 1, slots: [frame])
            guard frame >= 3 else { continue }
            expectClose(
                features(ring, (frame - 3...frame).map { $0 % 4 }), features(wide, Array(frame - 3...frame)), .exact,
                "window ending at frame \(frame)")
        }
    }

    /// In a window of one frame a token sees itself alone, whatever the mask.
    @Test(arguments: 1...3) func windowsOfOneFrame(temporalLayers: Int) throws {
        var results: [[Float]] = []
        for mask in KroneckerMask.allCases {
            let geometry = RandomModel.geometry(frames: 1, temporalLayers: temporalLayers, mask: mask)
            let session = try RandomModel.session(geometry, capacity: VisionCapacity(frames: 1, windows: 1, slots: 1))
            session.encodeFrames(Self.pictures(1, geometry), count: 1, slots: [0])
            results.append(features(session, [0]))
        }
        expectClose(results[0], results[1], .exact, "KMT and KMCT")
        let length = results[0].reduce(0) { $0 + $1 * $1 }.squareRoot()
        #expect(abs(length - 1) < 1e-5, "one frame's embedding has length one, not \(length)")
    }

    @Test func orderOfFramesMatters() throws {
        let geometry = RandomModel.geometry(mask: .kmct)
        let session = try RandomModel.session(geometry, capacity: VisionCapacity(frames: 4, windows: 1, slots: 4))
        session.encodeFrames(Self.pictures(4, geometry), count: 4, slots: [0, 1, 2, 3])
        let (forth, back) = (features(session, [0, 1, 2, 3]), features(session, [3, 2, 1, 0]))
        #expect(zip(forth, back).contains { abs($0 - $1) > 1e-3 })
    }

    @Test func scoresAreTheMeanOfEachPromptsSoftmax() throws {
        let geometry = RandomModel.geometry()
        let session = try RandomModel.session(geometry, capacity: VisionCapacity(frames: 4, windows: 1, slots: 4))
        session.encodeFrames(Self.pictures(4, geometry), count: 4, slots: [0, 1, 2, 3])
        let feature = features(session, [0, 1, 2, 3])
        var scores: [Float] = []
        // Growing and shrinking vocabularies in turn, as cameras with actions of their own bring.
        for (classes, prompts) in [(3, 2), (9, 1), (5, 4), (2, 1)] {
            let vocabulary = RandomModel.vocabulary(classes: classes, prompts: prompts, geometry)
            session.score(feature, vocabulary, scores: &scores)
            let logits = session.logits(feature, vocabulary).map(Double.init)
            var expected = [Double](repeating: 0, count: classes)
            for prompt in 0..<prompts {
                let row = logits[prompt * classes..<(prompt + 1) * classes].map { exp($0) }
                let total = row.reduce(0, +)
                for index in 0..<classes { expected[index] += row[index] / total / Double(prompts) }
            }
            expectClose(scores, expected.map { Float($0) }, .scores, "\(classes) classes, \(prompts) prompts")
        }
    }

    @Test func brokenWeightsGiveScoresThatAreNotFinite() throws {
        let geometry = RandomModel.geometry()
        var state = RandomModel.state(geometry)
        let name = "visual.transformer.resblocks.1.mlp.c_proj.weight"
        var values = try #require(state.tensors[name]).floats()
        values.values[17] = .nan
        state.tensors[name] = StoredTensor(copying: values)
        let session = try RecognizerSession(
            weights: ModelWeights(state), geometry: geometry,
            backend: CPUBackend.openBLAS(pool: WorkerPool(workers: 1)),
            capacity: VisionCapacity(frames: 4, windows: 1, slots: 4))
        session.encodeFrames(Self.pictures(4, geometry), count: 4, slots: [0, 1, 2, 3])
        var scores: [Float] = []
        session.score(features(session, [0, 1, 2, 3]), RandomModel.vocabulary(classes: 5, geometry), scores: &scores)
        #expect(!scores.contains { $0.isFinite }, "\(scores)")
    }

    @Test func refusesAScaleThatOverflows() throws {
        let geometry = RandomModel.geometry()
        var state = RandomModel.state(geometry)
        state.tensors["logit_scale"] = StoredTensor(copying: Tensor(shape: [], values: [100]))
        #expect(throws: RecognizerError.nonFinite(tensor: "logit_scale")) {
            try RecognizerSession(
                weights: ModelWeights(state), geometry: geometry,
                backend: CPUBackend.openBLAS(pool: WorkerPool(workers: 1)),
                capacity: VisionCapacity(frames: 1, windows: 1, slots: 4))
        }
    }
}
