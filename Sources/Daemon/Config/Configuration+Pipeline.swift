import Foundation
import Pipeline
import Recognizer

extension EventSettings {
    var rules: EventRules {
        EventRules(
            enter: enter, exit: exit, minWindows: minWindows, hold: hold, smoothing: smoothing, updateEvery: updateEvery
        )
    }
}

extension EventOverrides {
    var rules: ActionRules {
        ActionRules(enter: enter, exit: exit, minWindows: minWindows, hold: hold)
    }
}

extension CameraSettings {
    var view: ViewGeometry {
        ViewGeometry(
            region: .init(x: region.x, y: region.y, width: region.width, height: region.height),
            rotation: ViewGeometry.Rotation(rawValue: rotation.rawValue) ?? .none, crop: .centre)
    }
}

extension Configuration {
    /// Throws `PipelineError.sourceRefused` for a file outside the allowed directories, links followed.
    func checkAllowed(_ location: SourceLocation) throws(PipelineError) {
        guard case .file(let path) = location else { return }
        let real = URL(filePath: path).resolvingSymlinksInPath().path
        let isAllowed = allowedFiles.contains { root in
            let root = URL(filePath: root).resolvingSymlinksInPath().path
            return root == "/" || real == root || real.hasPrefix(root + "/")
        }
        guard isAllowed else {
            throw .sourceRefused(
                uri: path,
                reason:
                    "\(path) is outside the directories that allow.files names: \(allowedFiles.joined(separator: ", "))"
            )
        }
    }
}
