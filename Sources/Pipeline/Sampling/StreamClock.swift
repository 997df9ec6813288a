package import Foundation

/// Maps a camera's presentation times to one timeline that goes on over reconnects and never runs backwards.
///
/// Within an epoch the timeline is the presentation time plus a constant. A file has one epoch and the constant is zero.
/// A live source starts at zero; when it comes back after an outage the timeline has gone on by the monotonic time that
/// passed. The wall clock is read once, at the first frame, so a stepped system clock changes nothing afterwards. The
/// timeline ends after 73 years, which only a broken or hostile file reaches: whatever is computed of its times stays in range.
package struct StreamClock: Sendable {
    /// A live source's frame that lies further ahead of the monotonic clock than this has a new clock behind it.
    private static let longestLead = Duration.seconds(10)

    private static let end = Int64(1) << 61

    private struct Latest {
        var presentation: StreamTime
        var time: StreamTime
        var arrival: ContinuousClock.Instant
    }

    private let isLive: Bool
    private var baseNanoseconds: Int64 = 0
    private var latest: Latest?
    private var beginsEpoch = false

    /// Counts the epochs, for `FrameSelector`.
    package private(set) var epoch = 0
    /// The wall-clock time of stream time zero; nil before the first frame.
    package private(set) var streamZero: Date?

    package init(isLive: Bool) {
        self.isLive = isLive
    }

    /// Stream time of the latest frame; nil before the first.
    package var latestFrame: StreamTime? { latest?.time }

    /// What follows is on another clock: to be called at `SourceEvent.newEpoch`.
    package mutating func beginEpoch() {
        epoch += 1
        beginsEpoch = true
    }

    /// Stream time of a frame; to be called for every frame, in order, as it arrives.
    package mutating func time(
        of presentation: StreamTime, arrival: ContinuousClock.Instant, wallClock: Date
    ) -> StreamTime {
        if let latest {
            let advance = presentation.nanoseconds &- latest.presentation.nanoseconds
            let elapsed = max(.zero, arrival - latest.arrival)
            let jumped = isLive && advance > (elapsed + Self.longestLead).wholeNanoseconds
            if beginsEpoch || advance < 0 || jumped {
                rebase(presentation, after: latest, elapsed: elapsed)
            }
        } else {
            baseNanoseconds = isLive ? 0 &- presentation.nanoseconds : 0
        }
        beginsEpoch = false
        let shifted = presentation.nanoseconds.addingReportingOverflow(baseNanoseconds)
        let time = StreamTime(nanoseconds: shifted.overflow ? Self.end : min(max(shifted.partialValue, 0), Self.end))
        if streamZero == nil { streamZero = wallClock.addingTimeInterval(-time.seconds) }
        latest = Latest(presentation: presentation, time: time, arrival: arrival)
        return time
    }

    /// Stream time at a moment between frames or during an outage; nil before the first frame. A file's clock stands
    /// still between frames.
    package func now(at moment: ContinuousClock.Instant) -> StreamTime? {
        guard let latest else { return nil }
        return isLive ? latest.time + max(.zero, moment - latest.arrival) : latest.time
    }

    private mutating func rebase(_ presentation: StreamTime, after latest: Latest, elapsed: Duration) {
        if isLive {
            baseNanoseconds = (latest.time + elapsed).nanoseconds &- presentation.nanoseconds
        } else if presentation.nanoseconds &+ baseNanoseconds < latest.time.nanoseconds {
            baseNanoseconds = latest.time.nanoseconds &- presentation.nanoseconds
        }
    }
}
