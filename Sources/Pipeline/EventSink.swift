/// The scores of one window, highest first.
package struct WindowScores: Sendable, Equatable, Codable {
    package struct Entry: Sendable, Equatable, Codable {
        package var label: String
        /// 0...1, before smoothing.
        package var score: Double
        package init(label: String, score: Double) {
            self.label = label
            self.score = score
        }
    }

    package var camera: String
    package var window: ActionEvent.Window
    package var top: [Entry]
    /// True where the scores are those of the window before, since nothing has moved; nil otherwise.
    package var reused: Bool?

    package init(camera: String, window: ActionEvent.Window, top: [Entry], reused: Bool? = nil) {
        self.camera = camera
        self.window = window
        self.top = top
        self.reused = reused
    }
}

/// Everything that a sink may be told. Only `.event` must not be lost.
package enum SinkMessage: Sendable, Equatable {
    case event(ActionEvent)
    case camera(name: String, state: CameraState, reason: String?)
    case scores(WindowScores)
}

/// What every sink knows about the daemon it serves.
package struct SinkContext: Sendable {
    /// The daemon's name, one MQTT topic level.
    package let instance: String
    package let version: String
    package struct Camera: Sendable, Equatable {
        package let name: String
        /// Labels that can raise events on this camera; none where it is switched off.
        package let labels: [String]
        package let isEnabled: Bool
        package init(name: String, labels: [String], isEnabled: Bool = true) {
            self.name = name
            self.labels = labels
            self.isEnabled = isEnabled
        }
    }
    package let cameras: [Camera]
    /// Reports a sink's trouble or recovery; the daemon logs it. The sink itself never logs.
    package let report: @Sendable (SinkReport) -> Void

    package init(
        instance: String, version: String, cameras: [Camera], report: @escaping @Sendable (SinkReport) -> Void
    ) {
        self.instance = instance
        self.version = version
        self.cameras = cameras
        self.report = report
    }
}

/// One line that a sink wants in the daemon's log.
package struct SinkReport: Sendable, Equatable {
    package enum Level: String, Sendable {
        case info, warning, error
    }
    package let level: Level
    package let sink: String
    package let text: String

    package init(level: Level, sink: String, text: String) {
        self.level = level
        self.sink = sink
        self.text = text
    }
}

/// A destination of events: a plugin.
///
/// `SinkRunner` owns a sink: it calls these functions one at a time from one task, with a bounded queue in front and a
/// deadline around each `deliver`. A sink may suspend, throw or block; no other sink notices.
package protocol EventSink: Sendable {
    /// The plugin's key in the configuration (`log`, `file`, `mqtt`).
    static var kind: String { get }
    /// Keys of the plugin's block, each with what it means: the reference manual that `docs/plugins.md` shows.
    static var keys: [SettingKey] { get }
    /// Reads the plugin's block. Throws `SettingsError` with the place of whatever is wrong.
    init(settings: SettingsReader, context: SinkContext) throws

    /// Opens files and connections. A destination that is down is no error: the sink keeps trying by itself.
    func start() async throws
    /// Hands a message on. Returning means done (for an event over MQTT: the broker has confirmed it).
    func deliver(_ message: SinkMessage) async throws
    /// Says goodbye, flushes and closes, within the time given.
    func stop(within limit: Duration) async
}
