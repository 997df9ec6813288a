package import Foundation

/// Sampled frames on their way from the cameras' threads to the inference thread, with everything that must keep its place
/// between them.
///
/// Each camera has a few picture buffers, made once. A live camera whose buffers are all waiting loses its oldest frame,
/// and the next one stands in for the instants of that one: latency stays bounded, nothing grows, and the loss is
/// counted. A file waits instead, so that nothing is lost.
///
/// `@unchecked Sendable`: all state is guarded by `condition`; a buffer's contents belong to whoever holds it (the
/// camera's thread between `reserve` and `commit`, the inference thread between `take` and `release`).
package final class Mailbox: @unchecked Sendable {
    /// One sampled frame.
    package struct Sample: Sendable {
        package let camera: Int
        /// Which of the camera's buffers holds its pixels until `release`.
        fileprivate let buffer: Int
        package let time: StreamTime
        /// Sampling instants that the frame stands for, at least 1.
        package var instants: Int
        /// How many of them were those of frames that were lost.
        package var inherited = 0
        /// When the frame left the decoder.
        package let arrival: ContinuousClock.Instant
        /// Wall-clock time of the camera's stream time zero.
        package let streamZero: Date
    }

    /// What happens to a camera besides frames, in its place among them.
    package enum Note: Sendable, Equatable {
        /// The window begins anew: a gap, a seek, another picture size.
        case restart
        /// Stream times of the camera's latest frame and of this moment, nil before its first frame.
        case state(CameraState, reason: String?, lastFrame: StreamTime?, now: StreamTime?)
        case ended(PipelineError?)
    }

    package enum Item: Sendable {
        case sample(Sample)
        case note(camera: Int, Note, at: ContinuousClock.Instant)
    }

    private struct Camera {
        let isLive: Bool
        var isOnline = false
        var free: [Int]
        var queue: [Item] = []
        var dropped = 0
    }

    private let condition = NSCondition()
    private let memory: UnsafeMutablePointer<Float>
    private let valuesPerFrame: Int
    private let depth: Int
    private let patience: BatchPatience
    private var cameras: [Camera]
    private var closed = false
    /// Where the next `take` begins, so that no camera is always served last.
    private var turn = 0

    /// - Parameters:
    ///   - live: for each camera, whether it loses frames (true) or waits (false).
    ///   - valuesPerFrame: N * 3 * P * P.
    ///   - depth: buffers of a camera.
    ///   - patience: how long frames wait for others; by default not at all.
    package init(
        live: [Bool], valuesPerFrame: Int, depth: Int, patience: BatchPatience = BatchPatience(rhythms: [], batch: 1)
    ) {
        self.patience = patience
        self.valuesPerFrame = valuesPerFrame
        self.depth = depth
        memory = .allocate(capacity: max(live.count * depth * valuesPerFrame, 1))
        cameras = live.map { Camera(isLive: $0, free: Array(0..<depth)) }
        for index in cameras.indices { cameras[index].queue.reserveCapacity(4 * depth) }
    }

    deinit { memory.deallocate() }

    /// A buffer for the camera's next frame; nil when the mailbox is closed. Waits if the camera is a file's.
    package func reserve(camera: Int) -> UnsafeMutablePointer<Float>? {
        condition.lock()
        defer { condition.unlock() }
        while !closed {
            if let buffer = cameras[camera].free.popLast() { return address(camera, buffer) }
            if cameras[camera].isLive, let buffer = dropOldest(camera) { return address(camera, buffer) }
            condition.wait()
        }
        return nil
    }

    /// Queues the frame written into a buffer of `reserve`.
    package func commit(
        camera: Int, patches: UnsafeMutablePointer<Float>, time: StreamTime, instants: Int,
        arrival: ContinuousClock.Instant, streamZero: Date
    ) {
        condition.lock()
        defer { condition.unlock() }
        let buffer = (patches - memory) / valuesPerFrame - camera * depth
        let sample = Sample(
            camera: camera, buffer: buffer, time: time, instants: instants, arrival: arrival,
            streamZero: streamZero)
        cameras[camera].queue.append(.sample(sample))
        condition.broadcast()
    }

    /// Gives a buffer of `reserve` back unused.
    package func abandon(camera: Int, patches: UnsafeMutablePointer<Float>) {
        condition.lock()
        defer { condition.unlock() }
        cameras[camera].free.append((patches - memory) / valuesPerFrame - camera * depth)
        condition.broadcast()
    }

    package func post(camera: Int, _ note: Note) {
        condition.lock()
        defer { condition.unlock() }
        // One restart says as much as many: what a slow camera or an unusable one repeats must not pile up.
        if note == .restart, isRestart(camera, at: cameras[camera].queue.count - 1) { return }
        switch note {
        case .restart: break
        case .state(let state, _, _, _): cameras[camera].isOnline = state == .online
        case .ended: cameras[camera].isOnline = false
        }
        cameras[camera].queue.append(.note(camera: camera, note, at: .now))
        condition.broadcast()
    }

    /// Moves what waits into `items`, at most `frames` frames, each camera's next one in turn with the notes before it. Waits
    /// until there is something or `limit` has passed, and as long as `patience` has it. Returns false once the mailbox is closed.
    package func take(frames: Int, into items: inout [Item], within limit: TimeInterval) -> Bool {
        items.removeAll(keepingCapacity: true)
        condition.lock()
        defer { condition.unlock() }
        if !closed, cameras.allSatisfy(\.queue.isEmpty) { _ = condition.wait(until: Date(timeIntervalSinceNow: limit)) }
        while !closed, let remaining = waiting() {
            _ = condition.wait(until: Date(timeIntervalSinceNow: remaining / .seconds(1)))
        }
        guard !closed else { return false }
        var left = frames
        var emptyInARow = 0
        while left > 0, emptyInARow < cameras.count {
            let before = items.count
            left -= moveNext(of: turn, into: &items)
            emptyInARow = items.count == before ? emptyInARow + 1 : 0
            turn = (turn + 1) % cameras.count
        }
        return true
    }

    /// How long the frames that are here wait for others.
    private func waiting() -> Duration? {
        var (frames, online) = (0, 0)
        var oldest: ContinuousClock.Instant?
        for camera in cameras {
            if camera.isLive, camera.isOnline { online += 1 }
            for case .sample(let sample) in camera.queue {
                frames += 1
                // What a file has need not hurry, nor wait.
                if camera.isLive { oldest = min(oldest ?? sample.arrival, sample.arrival) }
            }
        }
        return patience.remaining(frames: frames, online: online, oldest: oldest, now: .now)
    }

    /// Moves a camera's waiting notes up to its next frame, and that. Returns the number of frames moved, 0 or 1.
    private func moveNext(of camera: Int, into items: inout [Item]) -> Int {
        while !cameras[camera].queue.isEmpty {
            let item = cameras[camera].queue.removeFirst()
            items.append(item)
            if case .sample = item { return 1 }
        }
        return 0
    }

    /// The pixels of a taken frame, (N, 3*P*P), valid until `release`.
    package func patches(of sample: Sample) -> UnsafePointer<Float> {
        UnsafePointer(address(sample.camera, sample.buffer))
    }

    /// Gives the buffers of taken frames back.
    package func release(_ items: [Item]) {
        condition.lock()
        defer { condition.unlock() }
        for case .sample(let sample) in items { cameras[sample.camera].free.append(sample.buffer) }
        condition.broadcast()
    }

    /// Whether a frame of the camera waits already.
    package func isBehind(camera: Int) -> Bool {
        condition.lock()
        defer { condition.unlock() }
        return cameras[camera].queue.contains { if case .sample = $0 { true } else { false } }
    }

    /// Frames of the camera that were lost because inference is too slow.
    package func dropped(camera: Int) -> Int {
        condition.lock()
        defer { condition.unlock() }
        return cameras[camera].dropped
    }

    /// True once `close` was called: what is under way is not wanted any more.
    package var isClosed: Bool {
        condition.lock()
        defer { condition.unlock() }
        return closed
    }

    /// Wakes and turns away everybody.
    package func close() {
        condition.lock()
        defer { condition.unlock() }
        closed = true
        condition.broadcast()
    }

    private func address(_ camera: Int, _ buffer: Int) -> UnsafeMutablePointer<Float> {
        memory + (camera * depth + buffer) * valuesPerFrame
    }

    /// Takes the oldest waiting frame's buffer; the frame behind it inherits its instants if nothing stands between them.
    private func dropOldest(_ camera: Int) -> Int? {
        guard let index = cameras[camera].queue.firstIndex(where: { if case .sample = $0 { true } else { false } }),
            case .sample(let oldest) = cameras[camera].queue.remove(at: index)
        else { return nil }
        cameras[camera].dropped += 1
        if index < cameras[camera].queue.count, case .sample(var heir) = cameras[camera].queue[index] {
            heir.instants += oldest.instants
            heir.inherited += oldest.instants
            cameras[camera].queue[index] = .sample(heir)
        }
        if isRestart(camera, at: index - 1), isRestart(camera, at: index) { cameras[camera].queue.remove(at: index) }
        return oldest.buffer
    }

    private func isRestart(_ camera: Int, at index: Int) -> Bool {
        guard cameras[camera].queue.indices.contains(index) else { return false }
        if case .note(_, .restart, _) = cameras[camera].queue[index] { return true }
        return false
    }
}
