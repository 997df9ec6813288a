import Foundation
import Pipeline

/// Every kind of message as one JSON object, told apart by `type` (`new`, `update`, `end`, `camera`) or by `top`.
enum MessageJSON {
    private struct CameraObject: Encodable {
        let camera: String
        let reason: String?
        let state: CameraState
        let type = "camera"
    }

    /// One object without line break.
    static func encode(_ message: SinkMessage) throws -> Data {
        switch message {
        case .event(let event):
            return try EventJSON.encode(event)
        case .scores(let scores):
            return try EventJSON.encode(scores)
        case .camera(let name, let state, let reason):
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return try encoder.encode(CameraObject(camera: name, reason: reason, state: state))
        }
    }
}
