package import Foundation

/// What a camera's pipeline tells the `EventRouter`.
package enum CameraReport: Sendable {
    /// A window was scored.
    case window(WindowObservation)
    /// The camera's state changed. `lastFrame` is the stream time of its latest frame, nil if there was none.
    ///
    /// `online` ends an outage, `disabled` ends all open events, every other state begins an outage.
    case state(CameraState, reason: String?, lastFrame: StreamTime?)
    /// The camera's stream time, wanted about twice a second while it is not online.
    case tick(now: StreamTime)
    /// The camera is taken away: its open events end for this reason.
    case closed(ActionEvent.EndReason)
}

/// The scores of one window with what is needed to date them.
package struct WindowObservation: Sendable {
    /// Stream times of the window's first and last frame.
    package let start: StreamTime
    package let end: StreamTime
    /// `(C)`, 0...1, in the order of the camera's labels.
    package let scores: [Float]
    /// When the last frame came in.
    package let arrival: ContinuousClock.Instant
    /// Wall-clock time of stream time zero.
    package let streamZero: Date
    /// Whether the scores are those of the window before, since nothing has moved.
    package let isReused: Bool

    package init(
        start: StreamTime, end: StreamTime, scores: [Float], arrival: ContinuousClock.Instant, streamZero: Date,
        isReused: Bool = false
    ) {
        self.start = start
        self.end = end
        self.scores = scores
        self.arrival = arrival
        self.streamZero = streamZero
        self.isReused = isReused
    }
}
