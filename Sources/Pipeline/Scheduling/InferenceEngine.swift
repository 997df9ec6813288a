import Foundation
import Recognizer
import Synchronization

/// The inference thread: takes sampled frames of all cameras, computes each once, scores every window that is due.
///
/// A frame's spatial features stay in a slot of its camera's ring, which holds a window and a batch, so no slot is
/// overwritten before the windows that need it are computed.
///
/// `@unchecked Sendable`: after `start` the session and all scratch belong to the one thread that `run` is on.
final class InferenceEngine: @unchecked Sendable {
    /// Windows in a row without finite scores after which the model counts as broken: weights or memory are damaged.
    private static let mostInvalidWindows = 20

    private struct Camera {
        let plan: CameraPlan
        let isLive: Bool
        let firstSlot: Int
        var frames = 0
        var assembler: WindowAssembler<Int>
        /// Set while the camera is away: its stream time when that was noticed, and when that was.
        var away: (since: StreamTime, noticed: ContinuousClock.Instant)?
    }

    /// A window that is due, or a note in its place behind the windows before it.
    private enum Step {
        case window(camera: Int, row: Int, span: WindowAssembler<Int>.Span, arrival: ContinuousClock.Instant, Date)
        case note(camera: Int, Mailbox.Note, at: ContinuousClock.Instant)
    }

    private let session: RecognizerSession
    private let mailbox: Mailbox
    private let output: @Sendable (_ camera: Int, VideoPipeline.Output) -> Void
    private let counters: EngineCounters
    private var cameras: [Camera]
    private let ring: Int

    private var items: [Mailbox.Item] = []
    private var steps: [Step] = []
    private var window: [Int] = []
    /// (windows due, T)
    private var windowSlots: [Int] = []
    /// (windows of one temporal batch, T)
    private var batchSlots: [Int] = []
    private var frameSlots: [Int] = []
    private var scores: [Float] = []
    private var invalidWindows = 0
    /// (frames, N, 3*P*P)
    private var patches: [Float]
    /// (capacity.windows, E)
    private var features: [Float]

    /// Slots that a session must have for these cameras.
    static func slots(cameras: Int, frames: Int, batch: Int) -> Int { cameras * (frames + batch) }

    init(
        session: sending RecognizerSession, plans: [CameraPlan], live: [Bool], mailbox: Mailbox,
        counters: EngineCounters,
        output: @escaping @Sendable (Int, VideoPipeline.Output) -> Void
    ) {
        let geometry = session.geometry
        ring = geometry.frames + session.capacity.frames
        precondition(
            session.capacity.slots >= plans.count * ring, "\(session.capacity.slots) slots for \(plans.count) cameras")
        patches = [Float](repeating: 0, count: session.capacity.frames * geometry.patches * geometry.patchValues)
        features = [Float](repeating: 0, count: session.capacity.windows * geometry.embeddingWidth)
        self.session = session
        self.mailbox = mailbox
        self.counters = counters
        self.output = output
        let ring = ring
        cameras = plans.indices.map { index in
            Camera(
                plan: plans[index], isLive: live[index], firstSlot: index * ring,
                assembler: WindowAssembler(length: geometry.frames, hop: plans[index].hop))
        }
    }

    /// Works until the mailbox is closed. Blocks its thread.
    func run() {
        while mailbox.take(frames: session.capacity.frames, into: &items, within: 0.5) {
            counters.begin()
            encodeFrames()
            mailbox.release(items)
            collectSteps()
            runSteps()
            tickAway()
            counters.finish()
        }
    }

    private func encodeFrames() {
        let perFrame = session.geometry.patches * session.geometry.patchValues
        frameSlots.removeAll(keepingCapacity: true)
        patches.withUnsafeMutableBufferPointer { patches in
            for case .sample(let sample) in items {
                guard let base = patches.baseAddress else { return }
                (base + frameSlots.count * perFrame).update(from: mailbox.patches(of: sample), count: perFrame)
                let camera = cameras[sample.camera]
                frameSlots.append(camera.firstSlot + camera.frames % ring)
                cameras[sample.camera].frames += 1
            }
        }
        guard !frameSlots.isEmpty else { return }
        session.encodeFrames(patches, count: frameSlots.count, slots: frameSlots)
        counters.add(frames: frameSlots.count)
    }

    /// Moves the windows of all cameras on and lists what is due, in order.
    private func collectSteps() {
        steps.removeAll(keepingCapacity: true)
        windowSlots.removeAll(keepingCapacity: true)
        var frame = 0
        for item in items {
            switch item {
            case .sample(let sample):
                // The windows that one frame completes differ in how often they repeat it. Of a live camera only the last
                // counts: a frame that stands for many lost ones must not make inference later still.
                var latest: WindowAssembler<Int>.Span?
                for _ in 0..<sample.instants {
                    guard
                        let span = cameras[sample.camera].assembler.append(
                            frameSlots[frame], at: sample.time, window: &window)
                    else { continue }
                    latest = span
                    if !cameras[sample.camera].isLive { addWindow(of: sample, span) }
                }
                if let latest, cameras[sample.camera].isLive { addWindow(of: sample, latest) }
                frame += 1
            case .note(let camera, let note, let at):
                if note == .restart {
                    cameras[camera].assembler.restart()
                } else {
                    steps.append(.note(camera: camera, note, at: at))
                }
            }
        }
        skipOvertakenWindows()
    }

    /// Lists the window that was assembled last.
    private func addWindow(of sample: Mailbox.Sample, _ span: WindowAssembler<Int>.Span) {
        let row = windowSlots.count / session.geometry.frames
        windowSlots.append(contentsOf: window)
        steps.append(
            .window(camera: sample.camera, row: row, span: span, arrival: sample.arrival, sample.streamZero))
    }

    /// A live camera with more frames waiting is behind: only the newest of its windows is worth computing.
    private func skipOvertakenWindows() {
        for camera in cameras.indices where cameras[camera].isLive && mailbox.isBehind(camera: camera) {
            let due = steps.indices.filter { if case .window(camera, _, _, _, _) = steps[$0] { true } else { false } }
            for index in due.dropLast().reversed() {
                steps.remove(at: index)
                counters.add(skippedWindows: 1)
            }
        }
    }

    /// Runs as many windows as fit one temporal batch at a time, and everything in the order of the steps. A closed mailbox
    /// ends it between batches.
    private func runSteps() {
        var next = 0
        while next < steps.count, !mailbox.isClosed {
            batchSlots.removeAll(keepingCapacity: true)
            var windows = 0
            var end = next
            while end < steps.count {
                if case .window(_, let row, _, _, _) = steps[end] {
                    guard windows < session.capacity.windows else { break }
                    let first = row * session.geometry.frames
                    batchSlots.append(contentsOf: windowSlots[first..<first + session.geometry.frames])
                    windows += 1
                }
                end += 1
            }
            if windows > 0 { session.encodeWindows(batchSlots, count: windows, videoFeatures: &features) }
            handOn(steps[next..<end])
            next = end
        }
    }

    private func handOn(_ batch: ArraySlice<Step>) {
        var row = 0
        for step in batch {
            switch step {
            case .window(let camera, _, let span, let arrival, let streamZero):
                features.withUnsafeBufferPointer { features in
                    guard let base = features.baseAddress else { return }
                    session.score(
                        base + row * session.geometry.embeddingWidth, cameras[camera].plan.vocabulary, scores: &scores)
                }
                row += 1
                counters.add(windows: 1)
                checkScores(of: camera)
                let observation = WindowObservation(
                    start: span.start, end: span.end, scores: scores, arrival: arrival, streamZero: streamZero)
                output(camera, .report(.window(observation)))
            case .note(let camera, let note, let at):
                take(note, of: camera, at: at)
            }
        }
    }

    private func checkScores(of camera: Int) {
        invalidWindows = scores.allSatisfy(\.isFinite) ? 0 : invalidWindows + 1
        guard invalidWindows == Self.mostInvalidWindows else { return }
        output(camera, .broken(reason: "\(invalidWindows) windows in a row had scores that are not finite"))
    }

    private func take(_ note: Mailbox.Note, of camera: Int, at moment: ContinuousClock.Instant) {
        switch note {
        case .restart:
            break
        case .state(let state, let reason, let time):
            cameras[camera].away = state == .online ? nil : cameras[camera].away ?? time.map { ($0, moment) }
            output(camera, .report(.state(state, reason: reason, lastFrame: time)))
        case .ended(let error):
            cameras[camera].away = nil
            output(camera, .report(.state(.disabled, reason: error?.reason ?? "ended", lastFrame: nil)))
            output(camera, .ended(error))
        }
    }

    /// Time goes on for a camera that is away, so that its open events can end.
    private func tickAway() {
        for camera in cameras.indices {
            guard let away = cameras[camera].away else { continue }
            output(camera, .report(.tick(now: away.since + (ContinuousClock.now - away.noticed))))
        }
    }
}
