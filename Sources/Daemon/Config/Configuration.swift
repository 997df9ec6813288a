import Foundation
import Pipeline
import Recognizer

/// Everything that one configuration file says, checked, with defaults filled in.
///
/// What only the model knows stays open: `actions`, `ignore` and `templates` are nil where the model's own are meant, and
/// `labels(of:modelLabels:modelIgnored:)` joins the two.
struct Configuration: Sendable {
    /// The file's name as given, for messages.
    let file: String
    /// The file's directory: what relative paths start from.
    let directory: String
    /// A name on the model path, or a directory.
    let model: String
    let modelPath: ModelPath
    /// The daemon's name, one MQTT topic level.
    let instance: String
    /// Nil: the model's labels.
    let actions: [ActionSettings]?
    /// Labels that compete for the score and never raise an event. Nil: the model's.
    let ignore: [String]?
    /// Sentences with `{}` in place of the action. Nil: the model's.
    let templates: [String]?
    let sampling: SamplingSettings
    let gate: GateSettings
    let events: EventSettings
    let cameras: [CameraSettings]
    let sinks: [SinkSettings]
    /// Threads that compute.
    let workers: Int
    let precision: Precision
    let stateDirectory: String
    let cacheDirectory: String
    /// Directories that file sources may lie in; `/` is any readable regular file.
    let allowedFiles: [String]
    let logLevel: LogLevel
    /// Lines for the log: nothing wrong enough to stop for.
    let warnings: [String]
    /// The tree as written, secrets unresolved.
    let written: SettingsNode
    /// Puts secrets' references back into text that is about to be shown.
    let redactor: Redactor

    enum LogLevel: String, Sendable, CaseIterable {
        case debug, info, warning, error
    }

    /// An error at the place of a key such as `cameras[1].source`, or of the nearest thing around it that is there.
    func error(at path: String, _ reason: String) -> SettingsError {
        redactor.redacted(
            SettingsError(file: file, mark: written.mark(ofNearest: path), path: path, reason: reason))
    }

    /// The model's directory. Throws `SettingsError` if there is none.
    func modelDirectory() throws -> String {
        do {
            return try modelPath.find(model)
        } catch {
            throw self.error(at: "model", error.description)
        }
    }

    /// Every sink, not started. Throws `SettingsError` for whatever a plugin finds wrong with its block.
    func makeSinks(_ context: SinkContext) throws -> [any EventSink] {
        do {
            return try sinks.map { try $0.sink(file: file, context: context) }
        } catch let error as SettingsError {
            throw redactor.redacted(error)
        }
    }

    /// The labels of a camera: its own, else the file's, else the model's. The model's ignored labels step back where the
    /// configuration names them as actions, and the model's labels where it ignores them.
    ///
    /// Throws `SettingsError` if two labels share a slug or there is nothing to tell apart.
    func labels(of camera: CameraSettings, modelLabels: [String], modelIgnored: [String]) throws -> LabelSet {
        let ownActions = camera.actions ?? actions
        let ownIgnored = camera.ignore ?? ignore
        let ignored = ownIgnored ?? modelIgnored.filter { label in ownActions?.contains { $0.text == label } != true }
        let actions = ownActions ?? modelLabels.filter { !ignored.contains($0) }.map { ActionSettings(text: $0) }
        let path = camera.actions != nil || camera.ignore != nil ? camera.path : ""
        do {
            return try LabelSet(actions: actions, ignored: ignored)
        } catch {
            throw self.error(at: path.isEmpty ? "actions" : "\(path).actions", error.description)
        }
    }
}

extension SettingsNode {
    /// The place of a key path, or of its nearest ancestor that exists.
    func mark(ofNearest path: String) -> SettingsMark { nearest(path).mark }

    /// What stands at a key path such as `cameras[1].source`, or its nearest ancestor that exists.
    func nearest(_ path: String) -> SettingsNode {
        var node = self
        for part in path.replacing("[", with: ".[").split(separator: ".") {
            switch node {
            case .mapping(let entries, _):
                guard let entry = entries.first(where: { $0.key == part }) else { return node }
                node = entry.value
            case .sequence(let items, _):
                guard let index = Int(part.dropFirst().dropLast()), items.indices.contains(index) else { return node }
                node = items[index]
            case .scalar:
                return node
            }
        }
        return node
    }
}
