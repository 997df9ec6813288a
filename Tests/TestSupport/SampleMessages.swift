import Foundation
package import Pipeline

/// Messages for tests of whatever passes them on.
package enum SampleMessages {
    package static func event(
        _ type: ActionEvent.Kind, id: String, seq: UInt64 = 0, camera: String = "lobby"
    ) -> SinkMessage {
        .event(
            ActionEvent(
                id: id, seq: seq, type: type, instance: "test", camera: camera, label: "waving", score: 0.9,
                topScore: 0.9, startTime: Date(timeIntervalSince1970: 0),
                endTime: type == .end ? Date(timeIntervalSince1970: 1) : nil, streamStart: 0,
                streamEnd: type == .end ? 1 : nil, window: .init(start: 0, end: 2), latencyMs: 1,
                endReason: type == .end ? .score : nil, late: false, model: "test@000000000000"))
    }

    package static func scores(camera: String = "lobby", at seconds: Double = 0) -> SinkMessage {
        .scores(WindowScores(camera: camera, window: .init(start: seconds, end: seconds + 2), top: []))
    }

    package static func state(_ state: CameraState, camera: String = "lobby") -> SinkMessage {
        .camera(name: camera, state: state, reason: nil)
    }
}
