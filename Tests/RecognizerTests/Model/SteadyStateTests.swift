import CAllocations
import TestSupport
import Testing

@testable import Recognizer

/// A stream that has begun allocates nothing more: no growth, no pauses. Unoptimised code allocates where optimised code does
/// not, so this holds for optimised builds alone.
@Suite(.serialized, .enabled(if: isOptimised && allocations_are_counted() != 0))
struct SteadyStateTests {
    /// Has every thread of a pool counted, or none.
    private struct Watch: ParallelJob {
        let isWatched: Bool
        let meeting: Meeting

        func run(part: Int, worker: Int) {
            allocations_watch_thread(isWatched ? 1 : 0)
            meeting.wait()
        }
    }

    /// Allocations of this thread and the pool's during `body`, which has run before.
    private func allocations(_ pool: WorkerPool?, _ body: () -> Void) -> Int {
        for _ in 0..<3 { body() }
        func watch(_ isWatched: Bool) {
            guard let pool else { return allocations_watch_thread(isWatched ? 1 : 0) }
            pool.run(Watch(isWatched: isWatched, meeting: Meeting(of: pool.workers)), parts: pool.workers)
        }
        watch(true)
        let before = allocations_count()
        for _ in 0..<10 { body() }
        let after = allocations_count()
        watch(false)
        return after - before
    }

    @Test func theCounterCounts() {
        var arrays: [[Int]] = []
        #expect(allocations(nil) { arrays.append(Array(repeating: arrays.count, count: 100)) } >= 10)
    }

    /// The portable base, and our own products in each precision of this processor.
    private func backends(_ pool: WorkerPool) -> [CPUBackend] {
        let float = Panels(.float32)
        let factories = [float, Panels(.bfloat16), float?.quantising(except: [])].compactMap { $0 }
        return [.openBLAS(pool: pool)] + factories.map { CPUBackend(factory: $0, pool: pool) }
    }

    @Test(arguments: KroneckerMask.allCases, 1...3) func recognisingAStream(mask: KroneckerMask, workers: Int) throws {
        let pool = WorkerPool(workers: workers)
        for backend in backends(pool) { try recogniseAStream(mask, backend) }
    }

    private func recogniseAStream(_ mask: KroneckerMask, _ backend: CPUBackend) throws {
        let geometry = RandomModel.geometry(heads: 3, temporalLayers: 2, mask: mask)
        let session = try RecognizerSession(
            weights: ModelWeights(RandomModel.state(geometry)), geometry: geometry,
            backend: backend, capacity: VisionCapacity(frames: 2, windows: 2, slots: 6))
        var numbers = SeededNumbers(seed: 1)
        let patches = numbers.floats(2 * geometry.patches * geometry.patchValues)
        let vocabulary = RandomModel.vocabulary(classes: 15, prompts: 3, geometry)
        let frameSlots = [4, 5]
        let windowSlots = [0, 1, 2, 3, 2, 3, 4, 5]
        var features = [Float](repeating: 0, count: 2 * geometry.embeddingWidth)
        var scores = [Float](repeating: 0, count: 15)
        let count = allocations(backend.pool) {
            session.encodeFrames(patches, count: 2, slots: frameSlots)
            session.encodeWindows(windowSlots, count: 2, videoFeatures: &features)
            for window in 0..<2 {
                features.withUnsafeBufferPointer {
                    guard let base = $0.baseAddress else { return }
                    session.score(base + window * geometry.embeddingWidth, vocabulary, scores: &scores)
                }
            }
        }
        #expect(count == 0, "\(backend.description)")
        #expect(abs(scores.reduce(0, +) - 1) < 1e-5)
    }

    @Test(arguments: [PixelFormat.rgb, .i420, .nv12]) func preparingFrames(format: PixelFormat) {
        let (width, height) = (64, 48)
        let picture = [UInt8](repeating: 90, count: 3 * width * height)
        let preprocessor = FramePreprocessor(
            imageSize: 32, patchSize: 8, mean: [123, 116, 103], deviation: [58, 57, 57])
        var patches = [Float](repeating: 0, count: 3 * 32 * 32)
        let view = ViewGeometry(rotation: .clockwise90)
        picture.withUnsafeBufferPointer { picture in
            patches.withUnsafeMutableBufferPointer { patches in
                guard let base = picture.baseAddress, let out = patches.baseAddress else { return }
                let strides =
                    format == .rgb ? [3 * width] : format == .nv12 ? [width, width] : [width, width / 2, width / 2]
                let frame = PixelFrame(
                    format: format, width: width, height: height,
                    planes: strides.enumerated().map { index, stride in
                        PixelFrame.Plane(base: base + (index == 0 ? 0 : width * height), strideBytes: stride)
                    }, matrix: .bt601, range: .limited)
                #expect(allocations(nil) { preprocessor.writePatches(frame, view: view, to: out) } == 0)
            }
        }
    }
}
