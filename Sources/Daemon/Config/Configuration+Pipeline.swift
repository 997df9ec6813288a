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
