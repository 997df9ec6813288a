/// A step of one label's life on one camera: everything that an event says about the action itself.
package struct Transition: Sendable, Equatable {
    package let kind: ActionEvent.Kind
    package let label: String
    /// Smoothed score of the latest window, 0...1.
    package let score: Double
    /// Highest smoothed score so far.
    package let topScore: Double
    /// Centre of the first window of the run that began the event.
    package let start: StreamTime
    /// Centre of the last window at or above `exit`; nil until `end`. Never before `start`.
    package let end: StreamTime?
    /// Times of the first and last frame of the latest window.
    package let windowStart: StreamTime
    package let windowEnd: StreamTime
    /// Set with `end` alone.
    package let reason: ActionEvent.EndReason?

    package init(
        kind: ActionEvent.Kind, label: String, score: Double, topScore: Double, start: StreamTime, end: StreamTime?,
        windowStart: StreamTime, windowEnd: StreamTime, reason: ActionEvent.EndReason?
    ) {
        self.kind = kind
        self.label = label
        self.score = score
        self.topScore = topScore
        self.start = start
        self.end = end
        self.windowStart = windowStart
        self.windowEnd = windowEnd
        self.reason = reason
    }
}
