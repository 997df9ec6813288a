/// Waits between attempts: each twice the one before, spread by a quarter so that cameras lost together do not return together.
package struct ReconnectBackoff: Sendable, Equatable {
    private let range: ClosedRange<Duration>
    private var generator: SplitMix64
    private var failures = 0

    package init(range: ClosedRange<Duration>, seed: UInt64) {
        self.range = range
        generator = SplitMix64(state: seed)
    }

    /// The wait after one more failure, within the range.
    package mutating func next() -> Duration {
        let doubled = range.lowerBound * (1 << min(failures, 30))
        failures += 1
        let spread = Double.random(in: 0.75...1.25, using: &generator)
        return min(max(min(doubled, range.upperBound) * spread, range.lowerBound), range.upperBound)
    }

    /// Starts again from the shortest wait.
    package mutating func reset() { failures = 0 }
}

/// Steele, Lea and Flood's generator: eight bytes of state, any seed is good.
struct SplitMix64: RandomNumberGenerator, Sendable, Equatable {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
