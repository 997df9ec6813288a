import Foundation

/// How long an update takes on several ranks, from what one of them does alone and what the network between them does.
struct ScalingModel: Codable {
    /// Gradients that are summed by themselves.
    struct Stretch: Codable {
        let byteCount: Int
        /// Seconds from the beginning of the update until one rank has computed them.
        let ready: Double
    }

    /// In the order of the backward.
    let stretches: [Stretch]
    /// Seconds until the backward ends.
    let backwardEnd: Double
    /// Seconds of the step of the weights behind it.
    let weightStep: Double

    struct Network {
        /// Of a rank, each way.
        let gigabitsPerSecond: Double
        /// Seconds of one message, however short.
        let latency: Double

        /// Seconds to sum `byteCount` bytes around a ring: every rank sends each `ranks`-th part `2 (ranks - 1)` times.
        func sum(_ byteCount: Int, ranks: Int) -> Double {
            let messages = Double(2 * (ranks - 1))
            return messages * (Double(byteCount) / Double(ranks) * 8 / (gigabitsPerSecond * 1e9) + latency)
        }
    }

    var byteCount: Int { stretches.reduce(0) { $0 + $1.byteCount } }
    /// Seconds of an update of one rank alone.
    var alone: Double { backwardEnd + weightStep }

    /// Seconds of an update whose stretches take `sums` seconds each, one after the other, beside the backward.
    func update(sums: [Double]) -> Double {
        var end = 0.0
        for (stretch, seconds) in zip(stretches, sums) { end = max(end, stretch.ready) + seconds }
        return max(end, backwardEnd) + weightStep
    }

    func update(ranks: Int, on network: Network) -> Double {
        update(sums: stretches.map { network.sum($0.byteCount, ranks: ranks) })
    }
}
