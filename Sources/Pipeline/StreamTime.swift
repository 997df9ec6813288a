/// A point on a stream's own clock, in nanoseconds from the stream's start.
///
/// Never the wall clock: sampling, windows and event timers all run on it, so that a file and a camera behave alike and
/// a stepped system clock changes nothing.
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
        StreamTime(nanoseconds: time.nanoseconds + span.wholeNanoseconds)
    }

    package static func - (time: StreamTime, span: Duration) -> StreamTime {
        StreamTime(nanoseconds: time.nanoseconds - span.wholeNanoseconds)
    }

    package static func - (a: StreamTime, b: StreamTime) -> Duration {
        .nanoseconds(a.nanoseconds - b.nanoseconds)
    }
}

extension Duration {
    /// The duration in nanoseconds; what lies below a nanosecond is dropped.
    package var wholeNanoseconds: Int64 {
        components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000
    }

    package var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }
}
