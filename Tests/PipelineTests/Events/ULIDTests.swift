import Foundation
import Pipeline
import Testing

@Suite struct ULIDTests {
    /// Gives one value over and over.
    private struct Constant: RandomNumberGenerator {
        let value: UInt64
        func next() -> UInt64 { value }
    }

    @Test func writesTimeAndRandomnessInCrockfordBase32() {
        var generator = ULID.Generator()
        var zeros = Constant(value: 0)
        // The example of the ULID specification: 1469918176385 milliseconds are 01ARYZ6S41.
        let id = generator.next(at: Date(timeIntervalSince1970: 1_469_918_176.385), using: &zeros)
        #expect(id.description == "01ARYZ6S410000000000000000")
        var ones = Constant(value: .max)
        let last = generator.next(at: .distantFuture, using: &ones)
        #expect(last.description.hasSuffix("ZZZZZZZZZZZZZZZZ"))
    }

    @Test func growsWithinAMillisecondAndWhenTheClockStepsBack() {
        var generator = ULID.Generator()
        let noon = Date(timeIntervalSince1970: 1_800_000_000)
        let ids = [0, 0, 0, -3600, 0.5, 0.2].map { generator.next(at: noon.addingTimeInterval($0)) }
        #expect(zip(ids, ids.dropFirst()).allSatisfy { $0 < $1 })
        #expect(ids.map(\.description) == ids.map(\.description).sorted())
        #expect(ids.allSatisfy { $0.description.count == 26 })
    }

    @Test func differsBetweenGenerators() {
        let now = Date()
        let ids = (0..<100).map { _ in
            var generator = ULID.Generator()
            return generator.next(at: now)
        }
        #expect(Set(ids).count == 100)
    }
}
