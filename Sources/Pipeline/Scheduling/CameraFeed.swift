import Foundation
import Recognizer

/// What a camera's thread noticed about its frames; for the log.
package enum FeedTrouble: Sendable, Equatable {
    case unusableFrame(reason: String)
    /// Frames come so rarely that no window can fill at this sampling period.
    case tooFewFrames(period: Duration)
}

/// One camera's way into the mailbox: stream clock, choice of frames, preprocessing.
///
/// `@unchecked Sendable`: the source calls `handle` serially, and nothing else touches the state.
final class CameraFeed: @unchecked Sendable {
    /// Gaps in a row after which a camera counts as too slow for its sampling.
    private static let manyGaps = 16

    private let camera: Int
    private let plan: CameraPlan
    private let mailbox: Mailbox
    private let preprocessor: FramePreprocessor
    private let report: @Sendable (FeedTrouble) -> Void
    private var clock: StreamClock
    private var selector: FrameSelector
    private var held: (frame: any HeldFrame, time: StreamTime, arrival: ContinuousClock.Instant)?
    private var toldOfGaps = false
    private var unusableLimiter = RateLimiter()

    /// - Parameter camera: the camera's index in the mailbox.
    init(
        camera: Int, plan: CameraPlan, isLive: Bool, mailbox: Mailbox, preprocessor: FramePreprocessor,
        report: @escaping @Sendable (FeedTrouble) -> Void
    ) {
        self.camera = camera
        self.plan = plan
        self.mailbox = mailbox
        self.preprocessor = preprocessor
        self.report = report
        clock = StreamClock(isLive: isLive)
        selector = FrameSelector(period: plan.period)
    }

    func handle(_ event: SourceEvent) {
        switch event {
        case .frame(let frame):
            take(frame)
        case .newEpoch:
            clock.beginEpoch()
        case .state(.disabled, _):
            // `ended` follows, behind the last frame.
            break
        case .state(let state, let reason):
            mailbox.post(
                camera: camera,
                .state(state, reason: reason, lastFrame: clock.latestFrame, now: clock.now(at: .now)))
        case .ended(let error):
            submitHeld(instants: selector.finish().taken)
            held = nil
            mailbox.post(camera: camera, .ended(error))
        }
    }

    private func take(_ frame: any HeldFrame) {
        let arrival = ContinuousClock.now
        let time = clock.time(of: frame.presentationTime, arrival: arrival, wallClock: Date())
        let decision = selector.offer(time, capsGeneration: frame.capsGeneration, epoch: clock.epoch)
        submitHeld(instants: decision.taken)
        if decision.restart != nil { mailbox.post(camera: camera, .restart) }
        if selector.gapsInARow >= Self.manyGaps, !toldOfGaps {
            toldOfGaps = true
            report(.tooFewFrames(period: plan.period))
        }
        held = (frame, time, arrival)
    }

    private func submitHeld(instants: Int) {
        guard instants > 0, let held, let patches = mailbox.reserve(camera: camera) else { return }
        do {
            try held.frame.withPixels { preprocessor.writePatches($0, view: plan.view, to: patches) }
        } catch {
            mailbox.abandon(camera: camera, patches: patches)
            mailbox.post(camera: camera, .restart)
            if let leftOut = unusableLimiter.admit(at: .now) {
                let others = leftOut > 0 ? " (and \(leftOut) more since the last report)" : ""
                report(.unusableFrame(reason: "\(error)\(others)"))
            }
            return
        }
        mailbox.commit(
            camera: camera, patches: patches, time: held.time, instants: instants, arrival: held.arrival,
            streamZero: clock.streamZero ?? Date())
    }
}
