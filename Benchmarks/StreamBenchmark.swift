import Foundation
import Recognizer

/// Latency of a window on a stream at several hops and computed anew, on several backends, interleaved in one run.
struct StreamBenchmark {
    struct Row: Encodable {
        let backend: String
        let name: String
        let medianMs: Double
        let p95Ms: Double
        /// How much faster than recomputing on the same backend, medians.
        let timesFaster: Double
        /// How much faster than the first backend at the same work, medians.
        let timesFirst: Double
    }

    private struct Lane {
        let backend: String
        let session: RecognizerSession
    }

    private let hops: [Int]
    private let frames: Int
    private let patches: [Float]
    private let lanes: [Lane]

    /// - Parameter backends: what is compared, the base first.
    init(_ geometry: ModelGeometry, hops: [Int], backends: [CPUBackend]) throws {
        let model = SyntheticModel(geometry)
        self.hops = hops
        frames = geometry.frames
        lanes = try backends.map { backend in
            Lane(
                backend: backend.description,
                session: try RecognizerSession(
                    weights: model.weights, geometry: geometry, backend: backend,
                    capacity: VisionCapacity(frames: geometry.frames, windows: 1, slots: 2 * geometry.frames)))
        }
        patches = model.frames(geometry.frames)
    }

    /// - Parameter rounds: windows of each kind that are timed.
    func run(rounds: Int) -> [Row] {
        let all = [frames] + hops
        var times = lanes.map { _ in all.map { _ in [Double]() } }
        for round in -2..<rounds {
            for (index, fresh) in all.enumerated() {
                for (number, lane) in lanes.enumerated() {
                    let seconds = window(lane.session, freshFrames: fresh)
                    if round >= 0 { times[number][index].append(seconds * 1000) }
                }
            }
        }
        return lanes.indices.flatMap { number in
            all.indices.map { index in
                let own = median(times[number][index])
                return Row(
                    backend: lanes[number].backend, name: index == 0 ? "recomputed" : "hop \(all[index])",
                    medianMs: own, p95Ms: quantile(times[number][index], 0.95),
                    timesFaster: median(times[number][0]) / own, timesFirst: median(times[0][index]) / own)
            }
        }
    }

    private func window(_ session: RecognizerSession, freshFrames: Int) -> Double {
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
