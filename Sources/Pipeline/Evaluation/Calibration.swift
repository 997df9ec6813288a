import Foundation

/// Whether scores mean what they say: of the clips whose top class scores 0.8, are 80 % right?
///
/// The temperature `t` minimises the mean negative logarithm of `softmax(log p / t)` at the clips' classes. Its limits: a
/// score is a mean of softmaxes over prompts and views, of which `log p` is not the logit, so `t` does not carry over to the
/// model's `logit_scale`; and it is fitted to the clips it is judged on, so figures at `t` are the best case.
package struct Calibration: Sendable, Codable, Equatable {
    package struct Bin: Sendable, Codable, Equatable {
        /// The bin holds top scores above `low` up to `high`.
        package let low: Double
        package let high: Double
        package let clips: Int
        /// Mean top score and share of right clips; 0 in an empty bin.
        package let confidence: Double
        package let accuracy: Double
    }

    package static let binCount = 15
    /// The temperatures tried; one at an end means that the best lies beyond.
    package static let temperatures = 0.01...100.0

    /// Clips with scores; the others have no confidence and count for nothing here.
    package let clips: Int
    package let bins: [Bin]
    /// Expected calibration error, 0...1: the bins' distances between confidence and accuracy, weighted by clips.
    package let error: Double
    package let temperature: Double
    /// Mean negative log likelihood, in nats, at temperature 1 and at `temperature`.
    package let logLoss: Double
    package let logLossAtTemperature: Double
    package let errorAtTemperature: Double

    /// Nil if no clip has scores.
    init?(_ result: EvaluationResult, outcomes: [ClipOutcome]) {
        let used = outcomes.indices.filter { outcomes[$0].place != nil }
        guard !used.isEmpty else { return nil }
        let fit = TemperatureFit(
            scores: used.map { result.clips[$0].scores }, classes: used.map { outcomes[$0].classes })
        let right = used.map { outcomes[$0].isRight(within: 1) }
        clips = used.count
        bins = Self.bins(used.map { Double(outcomes[$0].bestScores[0]) }, right)
        error = Self.error(bins)
        let found = fit.inverse(from: 1 / Self.temperatures.upperBound, to: 1 / Self.temperatures.lowerBound)
        temperature = 1 / found
        logLoss = fit.loss(1)
        logLossAtTemperature = fit.loss(found)
        errorAtTemperature = Self.error(Self.bins(fit.confidences(found), right))
    }

    static func bins(_ confidences: [Double], _ right: [Bool]) -> [Bin] {
        var count = [Int](repeating: 0, count: binCount)
        var confidence = [Double](repeating: 0, count: binCount)
        var hits = [Int](repeating: 0, count: binCount)
        for (value, isRight) in zip(confidences, right) {
            let scaled = (value * Double(binCount)).rounded(.up) - 1
            let bin = Int(min(max(scaled, 0), Double(binCount - 1)))
            count[bin] += 1
            confidence[bin] += value
            hits[bin] += isRight ? 1 : 0
        }
        return (0..<binCount).map { bin in
            let clips = Double(max(count[bin], 1))
            return Bin(
                low: Double(bin) / Double(binCount), high: Double(bin + 1) / Double(binCount), clips: count[bin],
                confidence: confidence[bin] / clips, accuracy: Double(hits[bin]) / clips)
        }
    }

    static func error(_ bins: [Bin]) -> Double {
        let clips = bins.reduce(0) { $0 + $1.clips }
        return bins.reduce(0) { $0 + Double($1.clips) * abs($1.accuracy - $1.confidence) } / Double(max(clips, 1))
    }
}

/// The mean loss of clips as a function of the inverse temperature, in which it is convex.
private struct TemperatureFit {
    /// The logarithm of a score of 0 is taken of this instead.
    private static let least: Float = 1e-12

    /// (clips, C), less the clip's highest, so that nothing overflows.
    private let logs: [[Float]]
    /// (clips), mean over the clip's classes.
    private let own: [Double]

    init(scores: [[Float]], classes: [[Int]]) {
        logs = scores.map { row in
            let top = log(max(row.max() ?? 1, Self.least))
            return row.map { log(max($0, Self.least)) - top }
        }
        own = zip(logs, classes).map { row, ids in
            ids.reduce(0) { $0 + Double(row[$1]) } / Double(ids.count)
        }
    }

    func loss(_ inverse: Double) -> Double {
        var sum = 0.0
        for (row, own) in zip(logs, own) { sum += log(Self.moments(row, inverse).total) - inverse * own }
        return sum / Double(logs.count)
    }

    /// (clips), the highest probability at an inverse temperature.
    func confidences(_ inverse: Double) -> [Double] { logs.map { 1 / Self.moments($0, inverse).total } }

    /// The inverse temperature of least loss: Newton's steps on the slope, halving the range where one would leave it.
    func inverse(from lowest: Double, to highest: Double) -> Double {
        var (low, high) = (lowest, highest)
        if slope(low).slope >= 0 { return low }
        if slope(high).slope <= 0 { return high }
        var at = 1.0
        for _ in 0..<60 {
            let (slope, curvature) = slope(at)
            if slope == 0 { return at }
            if slope > 0 { high = at } else { low = at }
            var next = at - slope / curvature
            if !(next > low && next < high) { next = (low + high) / 2 }
            if abs(next - at) <= 1e-7 * at { return next }
            at = next
        }
        return at
    }

    private func slope(_ inverse: Double) -> (slope: Double, curvature: Double) {
        var (slope, curvature) = (0.0, 0.0)
        for (row, own) in zip(logs, own) {
            let (total, first, second) = Self.moments(row, inverse)
            let mean = first / total
            slope += mean - own
            curvature += second / total - mean * mean
        }
        return (slope / Double(logs.count), curvature / Double(logs.count))
    }

    /// Sums over a row of `w`, `w l` and `w l²` with `w = exp(inverse * l)`.
    private static func moments(_ row: [Float], _ inverse: Double) -> (total: Double, first: Double, second: Double) {
        var (total, first, second) = (0.0, 0.0, 0.0)
        let inverse = Float(inverse)
        row.withUnsafeBufferPointer { row in
            for value in row {
                let weight = Double(exp(inverse * value))
                let value = Double(value)
                total += weight
                first += weight * value
                second += weight * value * value
            }
        }
        return (total, first, second)
    }
}
