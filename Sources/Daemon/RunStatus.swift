import Logging
import Pipeline

/// What is known of the cameras while the daemon runs, and what of it goes into the log.
struct RunStatus {
    /// What inference was too slow for.
    struct LeftOut: Equatable, CustomStringConvertible {
        let frames: Int
        let windows: Int

        var isNothing: Bool { frames + windows == 0 }
        var description: String { "\(frames) frames and \(windows) windows" }
    }

    private static let warningInterval = Duration.seconds(60)

    private let cameras: [String]
    private var leftOut = LeftOut(frames: 0, windows: 0)
    private var warnedAt: ContinuousClock.Instant?
    private var states: [CameraState]
    private var ended: Set<Int> = []
    /// Whether a file could not be read.
    private(set) var failed = false

    init(cameras: [String]) {
        self.cameras = cameras
        states = cameras.map { _ in .connecting }
    }

    /// All sources have ended.
    var isOver: Bool { ended.count == cameras.count }

    mutating func take(_ notice: Assembly.Notice, log: Logger) {
        switch notice {
        case .state(let camera, let state, let reason):
            guard states[camera] != state else { return }
            states[camera] = state
            // The end of a source is told with its reason by `.ended`.
            guard state != .disabled else { return }
            let level: Logger.Level = state == .online || state == .connecting ? .info : .warning
            log.log(level: level, "camera \(cameras[camera]): \(state.rawValue)\(reason.map { ", \($0)" } ?? "")")
        case .ended(let camera, let error):
            ended.insert(camera)
            if let error {
                failed = true
                log.error("camera \(cameras[camera]): \(error.reason)")
            } else {
                log.info("camera \(cameras[camera]): ended")
            }
        case .broken:
            break
        case .trouble(let camera, .unusableFrame(let reason)):
            log.error("camera \(cameras[camera]): a frame cannot be used: \(reason)")
        case .trouble(let camera, .tooFewFrames(let period)):
            log.warning(
                "camera \(cameras[camera]): frames come too rarely for sampling every \(period.settingText), so no window fills; raise sampling.every"
            )
        }
    }

    /// Warns when more was left out than the last warning said, at most once a minute.
    mutating func note(leftOut next: LeftOut, log: Logger) {
        guard next != leftOut, warnedAt.map({ ContinuousClock.now - $0 >= Self.warningInterval }) ?? true else {
            return
        }
        leftOut = next
        warnedAt = .now
        log.warning("inference is too slow: \(next) left out so far; raise sampling.every or sampling.hop")
    }

    /// One line for `systemctl status`.
    func line(windows: WindowCount) -> String {
        let online = states.filter { $0 == .online }.count
        let away = cameras.indices.filter { states[$0] != .online && states[$0] != .disabled }
            .map { "\(cameras[$0]) \(states[$0].rawValue)" }
        return "\(online) of \(cameras.count) cameras online, \(windows)"
            + (away.isEmpty ? "" : "; " + away.joined(separator: ", "))
    }
}
