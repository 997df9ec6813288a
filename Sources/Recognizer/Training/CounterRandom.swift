/// Random numbers by counter: Philox4x32-10 (Salmon, Moraes, Dror and Shaw 2011).
///
/// What is drawn follows from the seed, the purpose and up to two numbers such as epoch and clip alone, not from what was
/// drawn before: a run that is resumed, or that has other workers, draws the same.
package struct CounterRandom: RandomNumberGenerator, Sendable {
    /// Keeps draws for different things apart.
    package enum Purpose: UInt32, Sendable {
        case order, sampling, augmentation, mixing, prompts, path, initialisation, drawing
    }

    private let key: SIMD2<UInt32>
    private let purpose: UInt32
    private let first: UInt32
    private let second: UInt32
    private var block: UInt32 = 0
    private var ready = SIMD4<UInt32>()
    private var used = 4

    /// - Parameters:
    ///   - first, second: what is drawn for, such as epoch and clip; the lowest 32 bits count.
    package init(seed: UInt64, _ purpose: Purpose, _ first: Int, _ second: Int = 0) {
        key = SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
        self.purpose = purpose.rawValue
        self.first = UInt32(truncatingIfNeeded: first)
        self.second = UInt32(truncatingIfNeeded: second)
    }

    package mutating func next() -> UInt64 {
        UInt64(word()) << 32 | UInt64(word())
    }

    private mutating func word() -> UInt32 {
        if used == 4 {
            ready = Self.philox(counter: SIMD4(block, purpose, first, second), key: key)
            block &+= 1
            used = 0
        }
        defer { used += 1 }
        return ready[used]
    }

    /// The generator's function itself.
    static func philox(counter: SIMD4<UInt32>, key: SIMD2<UInt32>) -> SIMD4<UInt32> {
        var (counter, key) = (counter, key)
        for _ in 0..<10 {
            let left = (UInt32(0xD251_1F53)).multipliedFullWidth(by: counter[0])
            let right = (UInt32(0xCD9E_8D57)).multipliedFullWidth(by: counter[2])
            counter = SIMD4(
                right.high ^ counter[1] ^ key[0], right.low, left.high ^ counter[3] ^ key[1], left.low)
            key = SIMD2(key[0] &+ 0x9E37_79B9, key[1] &+ 0xBB67_AE85)
        }
        return counter
    }

    /// Uniform over 0..<1, in steps of 2^-53.
    package mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// Uniform over 0..<`count`. The bias, below `count` / 2^64, is of no account.
    package mutating func below(_ count: Int) -> Int {
        precondition(count > 0, "a number below \(count)")
        return Int(next().multipliedFullWidth(by: UInt64(count)).high)
    }

    /// Whether an event of that probability happens.
    package mutating func happens(_ probability: Double) -> Bool { unit() < probability }

    /// The numbers 0..<`count` in random order.
    package mutating func permutation(_ count: Int) -> [Int] {
        var order = Array(0..<count)
        for index in stride(from: count - 1, to: 0, by: -1) { order.swapAt(index, below(index + 1)) }
        return order
    }
}
