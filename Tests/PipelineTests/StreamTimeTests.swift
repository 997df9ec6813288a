import Pipeline
import Testing

@Suite struct StreamTimeTests {
    private let earliest = StreamTime(nanoseconds: .min)
    private let latest = StreamTime(nanoseconds: .max)

    @Test func addsAndSubtractsToTheNanosecond() {
        let time = StreamTime(nanoseconds: 5_000_000_007)
        #expect(time + .milliseconds(300) == StreamTime(nanoseconds: 5_300_000_007))
        #expect(time - .seconds(6) == StreamTime(nanoseconds: -999_999_993))
        #expect(time - StreamTime(nanoseconds: 7) == .seconds(5))
    }

    @Test func stopsAtTheEndsOfTime() {
        #expect(latest + .seconds(1) == latest && earliest - .seconds(1) == earliest)
        #expect(latest - .seconds(-1) == latest && earliest + .seconds(-1) == earliest)
        #expect((latest - earliest).wholeNanoseconds == .max && (earliest - latest).wholeNanoseconds == .min)
        #expect(Duration.seconds(Int64.max).wholeNanoseconds == .max)
        #expect(Duration.seconds(Int64.min).wholeNanoseconds == .min)
    }
}
