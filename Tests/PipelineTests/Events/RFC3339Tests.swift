import Foundation
import Pipeline
import Testing

@Suite struct RFC3339Tests {
    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000Z"), (0.0004, "1970-01-01T00:00:00.000Z"), (0.0006, "1970-01-01T00:00:00.001Z"),
        (-0.001, "1969-12-31T23:59:59.999Z"), (951_782_400, "2000-02-29T00:00:00.000Z"),
        (1_769_851_800.25, "2026-01-31T09:30:00.250Z"), (4_107_542_399.9996, "2100-03-01T00:00:00.000Z"),
        (1e15, "9999-12-31T23:59:59.999Z"),
    ])
    func writesUTCWithMilliseconds(seconds: Double, text: String) {
        #expect(RFC3339.text(Date(timeIntervalSince1970: seconds)) == text)
    }

    @Test func agreesWithFoundationOverFourCenturies() {
        let format = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        for day in stride(from: -80_000.0, to: 80_000, by: 13) {
            let date = Date(timeIntervalSince1970: day * 86_400 + 3_661.5)
            #expect(RFC3339.text(date) == date.formatted(format))
            #expect(RFC3339.date(RFC3339.text(date)) == date)
        }
    }

    @Test(arguments: [
        "", "2026-01-31", "2026-01-31T09:30:00Z", "2026-01-31 09:30:00.250Z", "2026-02-30T09:30:00.250Z",
        "2026-13-01T09:30:00.250Z", "2026-01-31T24:00:00.000Z", "2026-01-31T09:30:00.250+", "2O26-01-31T09:30:00.250Z",
    ])
    func refusesAnythingElse(text: String) {
        #expect(RFC3339.date(text) == nil)
    }
}
