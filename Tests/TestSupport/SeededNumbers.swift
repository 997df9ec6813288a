/// SplitMix64: the same numbers for the same seed, everywhere.
package struct SeededNumbers: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// Uniform over `range`, its end left out. Written as a loop over memory: `Float.random` takes most of the time of many tests when
    /// it is not optimised.
    package mutating func floats(_ count: Int, in range: ClosedRange<Float> = -1...1) -> [Float] {
        let unit = (range.upperBound - range.lowerBound) * 0x1p-24
        return [Float](unsafeUninitializedCapacity: count) { values, written in
            while written < count {
                values.initializeElement(at: written, to: range.lowerBound + unit * Float(UInt32(next() >> 40)))
                written += 1
            }
        }
    }
}
