import Recognizer

/// Noise for a picture's values, of mean 0 and deviation 1: SplitMix64 (Steele, Lea and Flood 2014) picks from a table of normal
/// numbers, because more than a million are needed for a clip.
struct SynthNoise: Sendable {
    private var state: UInt64

    private static let tableBits: UInt64 = 14
    private static let table: [Float] = {
        var random = CounterRandom(seed: 0, .drawing, -1)
        return (0..<1 << tableBits).map { _ in Float(random.normal()) }
    }()

    init(state: UInt64) { self.state = state }

    /// - Precondition: a multiple of three values.
    mutating func fill(_ values: UnsafeMutableBufferPointer<Float>) {
        precondition(values.count.isMultiple(of: 3), "noise for \(values.count) values")
        let (bits, mask) = (Self.tableBits, (1 << Self.tableBits) - 1 as UInt64)
        Self.table.withUnsafeBufferPointer { table in
            var at = 0
            while at < values.count {
                state &+= 0x9E37_79B9_7F4A_7C15
                var word = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
                word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
                word ^= word >> 31
                values[at] = table[Int(word & mask)]
                values[at + 1] = table[Int(word >> bits & mask)]
                values[at + 2] = table[Int(word >> (2 * bits) & mask)]
                at += 3
            }
        }
    }
}
