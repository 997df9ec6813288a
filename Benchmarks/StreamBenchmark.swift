import Foundation
import Recognizer

/// Latency of a window on a stream at several hops, against computing all its frames anew, interleaved in one run.
struct StreamBenchmark {
    struct Row: Encodable {
        let name: String
        let medianMs: Double
        let p95Ms: Double
        /// How much faster than recomputing, medians.
        let timesFaster: Double
    }

    let model: SyntheticModel
    let session: RecognizerSession
    let hops: [Int]
    private let patches: [Float]

    init(_ geometry: ModelGeometry, hops: [Int], workers: Int) throws {
        model = SyntheticModel(geometry)
        self.hops = hops
        let backend = CPUBackend.openBLAS(pool: WorkerPool(workers: workers))
        session = try RecognizerSession(
            weights: model.weights, geometry: geometry, backend: backend,
            capacity: VisionCapacity(frames: geometry.frames, windows: 1, slots: 2 * geometry.frames))
        patches = model.frames(geometry.frames)
    }

    /// - Parameter rounds: windows of each kind that are timed.
    func run(rounds: Int) -> [Row] {
        let all = [session.geometry.frames] + hops
        var times = all.map { _ in [Double]() }
        for round in -2..<rounds {
            for (index, fresh) in all.enumerated() {
                let seconds = window(freshFrames: fresh)
                if round >= 0 { times[index].append(seconds * 1000) }
            }
        }
        let base = median(times[0])
        return all.indices.map { index in
            Row(
                name: index == 0 ? "recomputed" : "hop \(all[index])", medianMs: median(times[index]),
                p95Ms: quantile(times[index], 0.95), timesFaster: base / median(times[index]))
        }
    }

    private func window(freshFrames: Int) -> Double {
        let frames = session.geometry.frames
        var video = [Float](repeating: 0, count: session.geometry.embeddingWidth)
        let slots = Array(0..<frames)
        let start = ContinuousClock.now
        session.encodeFrames(patches, count: freshFrames, slots: slots)
        session.encodeWindows(slots, count: 1, videoFeatures: &video)
        return (ContinuousClock.now - start) / .seconds(1)
    }

    private func median(_ values: [Double]) -> Double { quantile(values, 0.5) }

    private func quantile(_ values: [Double], _ q: Double) -> Double {
        let sorted = values.sorted()
        return sorted[min(sorted.count - 1, Int(Double(sorted.count) * q))]
    }
}
