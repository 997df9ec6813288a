import Foundation
import Recognizer
import Synchronization

/// The inference thread: takes sampled frames of all cameras, computes each once, scores every window that is due.
///
/// A frame's spatial features stay in a slot until no window can need them any more. Of a camera with a `MotionGate`, frames
/// that look alike share a slot, and a window of the same pictures as the last one takes its scores.
///
/// `@unchecked Sendable`: after `start` the session and all scratch belong to the one thread that `run` is on.
final class InferenceEngine: @unchecked Sendable {
    /// Windows in a row without finite scores after which the model counts as broken: weights or memory are damaged.
    private static let mostInvalidWindows = 20

    private struct Camera {
        let plan: CameraPlan
        let isLive: Bool
        var assembler: WindowAssembler<KeptFrame>
        var gate: MotionGate?
        /// The latest frame that was computed, and how many were.
        var latest: KeptFrame?
        var pictures = 0
        /// (C): of the latest window that was computed; kept for the gate only.
        var scores: [Float] = []
        /// Set while the camera is away: its stream time when that was noticed, and when that was.
        var away: (since: StreamTime, noticed: ContinuousClock.Instant)?
    }

    /// A sampled frame: where its features are, and which of the camera's pictures they are of. Slots are used again,
    /// pictures' numbers are not.
    private struct KeptFrame {
        let slot: Int
        let picture: Int
    }

    private struct DueWindow {
        let camera: Int
        /// Of `windowSlots` and `windowPictures`.
        let row: Int
        let span: WindowAssembler<KeptFrame>.Span
        let arrival: ContinuousClock.Instant
        let streamZero: Date
        var isReused = false
    }

    /// A window that is due, or a note in its place behind the windows before it.
    private enum Step {
        case window(DueWindow)
        case note(camera: Int, Mailbox.Note, at: ContinuousClock.Instant)
    }

    private let session: RecognizerSession
    private let mailbox: Mailbox
    private let output: @Sendable (_ camera: Int, VideoPipeline.Output) -> Void
    private let counters: EngineCounters
    private var cameras: [Camera]
    private var slots: FrameSlots
    private var cells: BrightnessCells

    private var items: [Mailbox.Item] = []
    private var steps: [Step] = []
    private var window: [KeptFrame] = []
    /// (windows due, T)
    private var windowSlots: [Int] = []
    /// (windows due, T)
    private var windowPictures: [Int] = []
    /// (windows of one temporal batch, T)
    private var batchSlots: [Int] = []
    /// The taken frames, in order.
    private var kept: [KeptFrame] = []
    /// Slots of those that must be computed.
    private var frameSlots: [Int] = []
    private var scores: [Float] = []
    private var invalidWindows = 0
    /// (frames, N, 3*P*P)
    private var patches: [Float]
    /// (capacity.windows, E)
    private var features: [Float]

    /// Slots that a session must have for these cameras.
    static func slots(cameras: Int, frames: Int, batch: Int) -> Int { cameras * frames + batch }

    init(
        session: sending RecognizerSession, plans: [CameraPlan], live: [Bool], mailbox: Mailbox,
        counters: EngineCounters, cells: BrightnessCells,
        output: @escaping @Sendable (Int, VideoPipeline.Output) -> Void
    ) {
        let geometry = session.geometry
        let needed = Self.slots(cameras: plans.count, frames: geometry.frames, batch: session.capacity.frames)
        precondition(session.capacity.slots >= needed, "\(session.capacity.slots) slots, \(needed) are needed")
        slots = FrameSlots(count: session.capacity.slots)
        self.cells = cells
        patches = [Float](repeating: 0, count: session.capacity.frames * geometry.patches * geometry.patchValues)
        features = [Float](repeating: 0, count: session.capacity.windows * geometry.embeddingWidth)
        self.session = session
        self.mailbox = mailbox
        self.counters = counters
        self.output = output
        cameras = plans.indices.map { index in
            Camera(
                plan: plans[index], isLive: live[index],
                assembler: WindowAssembler(length: geometry.frames, hop: plans[index].hop),
                gate: plans[index].motionThreshold.map { MotionGate(threshold: $0) })
        }
    }

    /// Works until the mailbox is closed. Blocks its thread.
    func run() {
        while mailbox.take(frames: session.capacity.frames, into: &items, within: 0.5) {
            counters.begin()
            gatherFrames()
            // Before the long work: a live camera that is far behind would wait for its buffers and miss frames.
            mailbox.release(items)
            encodeFrames()
            collectSteps()
            runSteps()
            tickAway()
            counters.finish()
        }
    }

    /// Gives each frame its slot, and copies together those that must be computed.
    private func gatherFrames() {
        slots.releaseAll()
        for camera in cameras { for frame in camera.assembler.items { slots.keep(frame.slot) } }
        kept.removeAll(keepingCapacity: true)
        frameSlots.removeAll(keepingCapacity: true)
        for item in items {
            switch item {
            case .sample(let sample): kept.append(place(sample))
            case .note(let camera, .restart, _): cameras[camera].gate?.restart()
            case .note: break
            }
        }
    }

    private func place(_ sample: Mailbox.Sample) -> KeptFrame {
        let (camera, pixels) = (sample.camera, mailbox.patches(of: sample))
        if cameras[camera].gate != nil {
            cells.measure(pixels)
            // The latest picture is in the camera's assembler, or there was a restart, or it is of this batch.
            if cameras[camera].gate?.offer(cells.values) == .unchanged, let latest = cameras[camera].latest {
                return latest
            }
        }
        let perFrame = session.geometry.patches * session.geometry.patchValues
        patches.withUnsafeMutableBufferPointer { patches in
            patches.baseAddress.map { ($0 + frameSlots.count * perFrame).update(from: pixels, count: perFrame) }
        }
        let frame = KeptFrame(slot: slots.take(), picture: cameras[camera].pictures)
        frameSlots.append(frame.slot)
        cameras[camera].pictures += 1
        cameras[camera].latest = frame
        return frame
    }

    private func encodeFrames() {
        guard !frameSlots.isEmpty else { return }
        session.encodeFrames(patches, count: frameSlots.count, slots: frameSlots)
        counters.add(frames: frameSlots.count)
    }

    /// Moves the windows of all cameras on and lists what is due, in order.
    private func collectSteps() {
        steps.removeAll(keepingCapacity: true)
        windowSlots.removeAll(keepingCapacity: true)
        windowPictures.removeAll(keepingCapacity: true)
        var frame = 0
        for item in items {
            switch item {
            case .sample(let sample):
                collectWindows(of: sample, kept[frame])
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

    /// Lists the windows that a frame makes due. One that stands in for lost frames makes only the newest: after a pause of
    /// inference they would be as many as the pause was long, and keep it behind.
    private func collectWindows(of sample: Mailbox.Sample, _ frame: KeptFrame) {
        let frames = session.geometry.frames
        var isDue = false
        for _ in 0..<sample.instants {
            guard let span = cameras[sample.camera].assembler.append(frame, at: sample.time, window: &window) else {
                continue
            }
            if isDue, sample.inherited > 0 {
                windowSlots.removeLast(frames)
                windowPictures.removeLast(frames)
                steps.removeLast()
                counters.add(skippedWindows: 1)
            }
            isDue = true
            let row = windowSlots.count / frames
            for frame in window {
                windowSlots.append(frame.slot)
                windowPictures.append(frame.picture)
            }
            steps.append(
                .window(
                    DueWindow(
                        camera: sample.camera, row: row, span: span, arrival: sample.arrival,
                        streamZero: sample.streamZero)))
        }
    }

    /// A live camera with more frames waiting is behind: only the newest of its windows is worth computing.
    private func skipOvertakenWindows() {
        for camera in cameras.indices where cameras[camera].isLive && mailbox.isBehind(camera: camera) {
            let due = steps.indices.filter { index in
                if case .window(let window) = steps[index] { window.camera == camera } else { false }
            }
            for index in due.dropLast().reversed() {
                steps.remove(at: index)
                counters.add(skippedWindows: 1)
            }
        }
    }

    /// Runs as many windows as fit one temporal batch at a time, and everything in the order of the steps.
    private func runSteps() {
        var next = 0
        while next < steps.count, !mailbox.isClosed {
            batchSlots.removeAll(keepingCapacity: true)
            var windows = 0
            var end = next
            while end < steps.count {
                if case .window(var window) = steps[end] {
                    guard windows < session.capacity.windows else { break }
                    let first = window.row * session.geometry.frames
                    let frames = first..<first + session.geometry.frames
                    window.isReused = cameras[window.camera].gate?.decide(windowPictures[frames]) == .reuse
                    steps[end] = .window(window)
                    if !window.isReused {
                        batchSlots.append(contentsOf: windowSlots[frames])
                        windows += 1
                    }
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
            case .window(let window):
                if window.isReused {
                    scores = cameras[window.camera].scores
                    counters.addReusedWindow(camera: window.camera)
                } else {
                    score(row: row, of: window.camera)
                    row += 1
                }
                checkScores(of: window.camera)
                let observation = WindowObservation(
                    start: window.span.start, end: window.span.end, scores: scores, arrival: window.arrival,
                    streamZero: window.streamZero, isReused: window.isReused)
                output(window.camera, .report(.window(observation)))
            case .note(let camera, let note, let at):
                take(note, of: camera, at: at)
            }
        }
    }

    /// Compares a window of the latest temporal batch with the camera's labels.
    private func score(row: Int, of camera: Int) {
        features.withUnsafeBufferPointer { features in
            guard let base = features.baseAddress else { return }
            session.score(
                base + row * session.geometry.embeddingWidth, cameras[camera].plan.vocabulary, scores: &scores)
        }
        counters.add(windows: 1)
        if cameras[camera].gate != nil { cameras[camera].scores = scores }
    }

    private func checkScores(of camera: Int) {
        if !scores.allSatisfy(\.isFinite) { cameras[camera].gate?.forgetScores() }
        invalidWindows = scores.allSatisfy(\.isFinite) ? 0 : invalidWindows + 1
        guard invalidWindows == Self.mostInvalidWindows else { return }
        output(camera, .broken(reason: "\(invalidWindows) windows in a row had scores that are not finite"))
    }

    private func take(_ note: Mailbox.Note, of camera: Int, at moment: ContinuousClock.Instant) {
        switch note {
        case .restart:
            break
        case .state(let state, let reason, let lastFrame, let now):
            cameras[camera].away = state == .online ? nil : cameras[camera].away ?? now.map { ($0, moment) }
            output(camera, .report(.state(state, reason: reason, lastFrame: lastFrame)))
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
