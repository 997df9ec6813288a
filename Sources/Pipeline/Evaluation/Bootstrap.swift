/// A range that a figure lies in with 95 % confidence, ends included.
package struct ConfidenceInterval: Sendable, Codable, Equatable {
    package let low: Double
    package let high: Double

    package init(low: Double, high: Double) {
        (self.low, self.high) = (low, high)
    }

    /// From the 2.5th to the 97.5th percentile, linear between neighbours; at least one value.
    init(percentilesOf values: [Double]) {
        let sorted = values.sorted()
        func percentile(_ share: Double) -> Double {
            let place = share * Double(sorted.count - 1)
            let below = Int(place)
            let above = min(below + 1, sorted.count - 1)
            return sorted[below] + (sorted[above] - sorted[below]) * (place - Double(below))
        }
        self.init(low: percentile(0.025), high: percentile(0.975))
    }
}

/// The percentile bootstrap over clips: as many clips as the list has are drawn from it with replacement, again and again,
/// and the figures computed of each draw. The same seed gives the same intervals on every machine.
package struct Bootstrap: Sendable, Codable, Equatable {
    package let resamples: Int
    package let seed: UInt64

    /// - Precondition: at least one resample.
    package init(resamples: Int = 2_000, seed: UInt64 = 1) {
        precondition(resamples > 0, "\(resamples) resamples")
        (self.resamples, self.seed) = (resamples, seed)
    }

    /// - Parameter tables: runs over the same clips; a draw takes the same clips of each.
    /// - Returns: (tables, resamples)
    func accuracies(of tables: [OutcomeTable]) -> [[Accuracies]] {
        let clips = tables.first?.clips ?? 0
        precondition(clips > 0 && tables.allSatisfy { $0.clips == clips }, "runs over the same clips")
        var generator = SplitMix64(state: seed)
        var drawn = [UInt32](repeating: 0, count: clips)
        var scratch: [UInt64] = []
        var all = [[Accuracies]](repeating: [], count: tables.count)
        for _ in 0..<resamples {
            for index in drawn.indices { drawn[index] = generator.next(below: UInt64(clips)) }
            for run in tables.indices { all[run].append(tables[run].accuracies(of: drawn, scratch: &scratch)) }
        }
        return all
    }
}

extension SplitMix64 {
    /// A number in 0..<limit. Its bias is below `limit` / 2^64.
    mutating func next(below limit: UInt64) -> UInt32 {
        UInt32(truncatingIfNeeded: next().multipliedFullWidth(by: limit).high)
    }
}
