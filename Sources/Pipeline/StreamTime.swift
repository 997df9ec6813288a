/// A point on a stream's own clock, in nanoseconds from the stream's start.
///
/// Never the wall clock: sampling, windows and event timers all run on it, so that a file and a camera behave alike and
/// a stepped system clock changes nothing. Sums beyond the 292 years of either direction stop there.
package struct StreamTime: Sendable, Hashable, Comparable, Codable {
    package let nanoseconds: Int64

    package init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    package init(seconds: Double) {
        self.nanoseconds = Int64((seconds * 1e9).rounded())
    }

    package static let zero = StreamTime(nanoseconds: 0)

    package var seconds: Double { Double(nanoseconds) / 1e9 }

    package static func < (a: StreamTime, b: StreamTime) -> Bool { a.nanoseconds < b.nanoseconds }

    package static func + (time: StreamTime, span: Duration) -> StreamTime {
        StreamTime(nanoseconds: time.nanoseconds.clamped(adding: span.wholeNanoseconds))
    }

    package static func - (time: StreamTime, span: Duration) -> StreamTime {
        StreamTime(nanoseconds: time.nanoseconds.clamped(subtracting: span.wholeNanoseconds))
    }

    package static func - (a: StreamTime, b: StreamTime) -> Duration {
        .nanoseconds(a.nanoseconds.clamped(subtracting: b.nanoseconds))
    }
}

extension Duration {
    /// The duration in nanoseconds; what lies below a nanosecond is dropped, what lies beyond 292 years too.
    package var wholeNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? (seconds < 0 ? .min : .max) : whole.clamped(adding: attoseconds / 1_000_000_000)
    }

    package var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }
}

extension Int64 {
    fileprivate func clamped(adding other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? (other < 0 ? .min : .max) : sum
    }

    fileprivate func clamped(subtracting other: Int64) -> Int64 {
        let (difference, overflow) = subtractingReportingOverflow(other)
        return overflow ? (other < 0 ? .max : .min) : difference
    }
}
