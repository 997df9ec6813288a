import Pipeline

/// What the broker should be holding for those who subscribe later: the state of every camera, and for every action
/// whether it is under way.
struct RetainedState {
    private let topics: TopicNames
    /// In the order of the configuration.
    private var cameras: [Camera]

    private struct Camera {
        let name: String
        var state: CameraState
        /// Identifiers of open events by topic of their label.
        var open: [String: Set<String>]
        var topics: [String]
    }

    init(topics: TopicNames, cameras: [SinkContext.Camera]) {
        self.topics = topics
        self.cameras = cameras.map { camera in
            Camera(
                name: camera.name, state: camera.isEnabled ? .connecting : .disabled, open: [:],
                topics: camera.labels.map { topics.state(camera: camera.name, label: $0) })
        }
    }

    /// Everything: what is sent whenever a connection has been made.
    var all: [Publication] {
        cameras.map { .retained(topics.status(camera: $0.name), $0.state.rawValue) }
            + cameras.flatMap { camera in
                camera.topics.map { .retained($0, camera.open[$0, default: []].isEmpty ? "OFF" : "ON") }
            }
    }

    /// Notes a camera's state and returns what to publish.
    mutating func note(camera name: String, state: CameraState) -> Publication? {
        guard let index = cameras.firstIndex(where: { $0.name == name }) else { return nil }
        cameras[index].state = state
        return .retained(topics.status(camera: name), state.rawValue)
    }

    /// Notes an event, which may come more than once, and returns what to publish if its action begins or ends by it.
    mutating func note(_ event: ActionEvent) -> Publication? {
        guard let index = cameras.firstIndex(where: { $0.name == event.camera }) else { return nil }
        let topic = topics.state(camera: event.camera, label: event.label)
        if !cameras[index].topics.contains(topic) { cameras[index].topics.append(topic) }
        var open = cameras[index].open[topic, default: []]
        let wasOn = !open.isEmpty
        if event.type == .end { open.remove(event.id) } else { open.insert(event.id) }
        cameras[index].open[topic] = open
        return open.isEmpty == wasOn ? .retained(topic, open.isEmpty ? "OFF" : "ON") : nil
    }
}
