package import Foundation

/// One message of an action's life: `new`, any number of `update`, then one `end`. Schema version 1, additive only.
///
/// Encoded as JSON with snake_case keys and times in RFC 3339 UTC with milliseconds; see `docs/events.md`.
package struct ActionEvent: Sendable, Equatable, Codable {
    package enum Kind: String, Sendable, Codable {
        case new, update, end
    }

    package enum EndReason: String, Sendable, Codable {
        /// The score stayed below `exit` for `hold`.
        case score
        case cameraLost = "camera_lost"
        /// The stream ended (a file) or the camera was switched off.
        case disabled
        case reload
        case shutdown
    }

    /// The span of the window whose scores made this message, in seconds of stream time.
    package struct Window: Sendable, Equatable, Codable {
        package var start: Double
        package var end: Double
        package init(start: Double, end: Double) {
            self.start = start
            self.end = end
        }
    }

    package var schema = 1
    /// ULID, the same for all messages of one action.
    package var id: String
    /// Counts the daemon's messages; survives restarts, never repeats.
    package var seq: UInt64
    package var type: Kind
    package var instance: String
    package var camera: String
    package var label: String
    /// Smoothed score of the latest window, 0...1.
    package var score: Double
    /// Highest smoothed score so far.
    package var topScore: Double
    /// Wall-clock time at which the action began.
    package var startTime: Date
    /// Wall-clock time at which it ended; nil until `end`.
    package var endTime: Date?
    /// `startTime` and `endTime` in seconds of stream time (for a file: seconds from its beginning).
    package var streamStart: Double
    package var streamEnd: Double?
    package var window: Window
    /// From the arrival of the window's last frame to this message, in milliseconds.
    package var latencyMs: Double
    package var endReason: EndReason?
    /// True when delivered after an outage instead of as it happened.
    package var late: Bool
    /// Name and digest of the model, `name@0123456789ab`.
    package var model: String

    package init(
        id: String, seq: UInt64, type: Kind, instance: String, camera: String, label: String, score: Double,
        topScore: Double, startTime: Date, endTime: Date?, streamStart: Double, streamEnd: Double?, window: Window,
        latencyMs: Double, endReason: EndReason?, late: Bool, model: String
    ) {
        self.id = id
        self.seq = seq
        self.type = type
        self.instance = instance
        self.camera = camera
        self.label = label
        self.score = score
        self.topScore = topScore
        self.startTime = startTime
        self.endTime = endTime
        self.streamStart = streamStart
        self.streamEnd = streamEnd
        self.window = window
        self.latencyMs = latencyMs
        self.endReason = endReason
        self.late = late
        self.model = model
    }

    private enum CodingKeys: String, CodingKey {
        case schema, id, seq, type, instance, camera, label, score
        case topScore = "top_score"
        case startTime = "start_time"
        case endTime = "end_time"
        case streamStart = "stream_start"
        case streamEnd = "stream_end"
        case window
        case latencyMs = "latency_ms"
        case endReason = "end_reason"
        case late, model
    }
}
