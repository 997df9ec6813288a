import TestSupport
import Testing

@testable import Recognizer

@Suite(.tags(.property)) struct CounterRandomTests {
    /// The known answers that come with the authors' Random123.
    @Test func equalsThePublishedAnswers() {
        #expect(
            CounterRandom.philox(counter: SIMD4(repeating: 0), key: SIMD2(repeating: 0))
                == SIMD4(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8))
        #expect(
            CounterRandom.philox(counter: SIMD4(repeating: .max), key: SIMD2(repeating: .max))
                == SIMD4(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd))
        #expect(
            CounterRandom.philox(
                counter: SIMD4(0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344), key: SIMD2(0xa409_3822, 0x299f_31d0)
            )
                == SIMD4(0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1))
    }

    @Test func whatIsDrawnFollowsFromItsAddress() {
        func draws(_ purpose: CounterRandom.Purpose, _ first: Int, _ second: Int, seed: UInt64 = 1) -> [UInt64] {
            var random = CounterRandom(seed: seed, purpose, first, second)
            return (0..<5).map { _ in random.next() }
        }
        let one = draws(.mixing, 3, 4)
        #expect(one == draws(.mixing, 3, 4))
        #expect(
            Set([one, draws(.mixing, 4, 3), draws(.prompts, 3, 4), draws(.mixing, 3, 4, seed: 2), draws(.mixing, 3, 5)])
                .count == 5)
    }

    @Test func permutationsHoldEveryNumberOnce() {
        var random = CounterRandom(seed: 5, .order, 0)
        for count in [0, 1, 2, 33] { #expect(random.permutation(count).sorted() == Array(0..<count)) }
        #expect(random.permutation(33) != random.permutation(33))
    }

    @Test func momentsAreThoseOfTheDistributions() {
        var random = CounterRandom(seed: 7, .mixing, 0)
        func check(_ name: String, mean: Double, variance: Double, _ draw: (inout CounterRandom) -> Double) {
            let values = (0..<20_000).map { _ in draw(&random) }
            let average = values.reduce(0, +) / Double(values.count)
            let spread = values.reduce(0) { $0 + ($1 - average) * ($1 - average) } / Double(values.count)
            // Five deviations of the mean.
            #expect(abs(average - mean) < 5 * (variance / Double(values.count)).squareRoot(), "mean of \(name)")
            #expect(abs(spread - variance) < 0.05 * variance, "variance of \(name)")
        }
        check("unit", mean: 0.5, variance: 1.0 / 12) { $0.unit() }
        check("below 7", mean: 3, variance: 4) { Double($0.below(7)) }
        check("normal", mean: 0, variance: 1) { $0.normal() }
        check("beta 1", mean: 0.5, variance: 1.0 / 12) { $0.beta(1) }
        check("beta 0.8", mean: 0.5, variance: 1 / (4 * 2.6)) { $0.beta(0.8) }
        check("beta 3", mean: 0.5, variance: 1.0 / 28) { $0.beta(3) }
    }
}
