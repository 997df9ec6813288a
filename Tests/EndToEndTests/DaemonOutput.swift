import Foundation
import Pipeline

/// What `claverd run` told its `log` sink in JSON.
struct DaemonOutput {
    struct CameraLine: Decodable, Equatable {
        let camera: String
        let state: CameraState
        let reason: String?
    }

    private(set) var events: [ActionEvent] = []
    private(set) var states: [CameraLine] = []
    private(set) var scores: [WindowScores] = []
    /// Lines that are none of these.
    private(set) var other: [String] = []

    init(_ lines: [String]) {
        for line in lines {
            let data = Data(line.utf8)
            if let event = try? EventJSON.decode(data) {
                events.append(event)
            } else if let state = try? JSONDecoder().decode(CameraLine.self, from: data) {
                states.append(state)
            } else if let window = try? JSONDecoder().decode(WindowScores.self, from: data) {
                scores.append(window)
            } else {
                other.append(line)
            }
        }
    }

    func states(of camera: String) -> [CameraState] { states.filter { $0.camera == camera }.map(\.state) }

    func windows(of camera: String) -> Int { scores.count { $0.camera == camera } }

    /// Events of which the end was told, by id.
    var ended: Set<String> { Set(events.filter { $0.type == .end }.map(\.id)) }
}
