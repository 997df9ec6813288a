import Foundation
import Pipeline
import Recognizer

/// What this machine does with a model: times of every stage, and how many cameras follow from them.
struct MachineBench: Encodable {
    struct Stage: Encodable {
        let name: String
        /// Median, milliseconds on all workers (decoding and preprocessing: on one core).
        let medianMs: Double
        let p95Ms: Double
        /// Share of the measured peak; nil where no product dominates.
        let shareOfPeak: Double?
    }

    struct Cameras: Encodable {
        let everySeconds: Double
        let hop: Int
        let framesPerSecond: Double
        let count: Int
        /// The load of one camera, in shares of the whole machine.
        let decoding: Double
        let inference: Double
    }

    let model: String
    let backend: String
    let peakGflops: Double
    let stages: [Stage]
    let cameras: Cameras

    /// Load that leaves room for the rest of the system and for peaks.
    static let usableLoad = 0.8
}

/// Measures the stages one after the other.
struct StageTimer {
    let budget: Duration

    /// Median and 95th percentile of `body`, in milliseconds, after one run that does not count.
    func milliseconds(_ body: () throws -> Void) rethrows -> (median: Double, p95: Double) {
        try body()
        var times: [Double] = []
        let end = ContinuousClock.now + budget
        while ContinuousClock.now < end || times.count < 3 {
            let start = ContinuousClock.now
            try body()
            times.append((ContinuousClock.now - start) / .milliseconds(1))
        }
        times.sort()
        return (times[times.count / 2], times[min(times.count - 1, times.count * 95 / 100)])
    }
}
