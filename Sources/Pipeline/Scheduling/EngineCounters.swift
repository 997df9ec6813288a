import Synchronization

/// What the inference thread has done, readable from any thread.
package final class EngineCounters: Sendable {
    private let framesEncoded = Atomic<Int>(0)
    private let windowsScored = Atomic<Int>(0)
    private let windowsSkipped = Atomic<Int>(0)
    private let windowsReused: Mutex<[Int]>
    private let begun = Atomic<Int>(0)
    private let finished = Atomic<Int>(0)

    package init(cameras: Int) { windowsReused = Mutex([Int](repeating: 0, count: cameras)) }

    /// Frames whose spatial features were computed.
    package var frames: Int { framesEncoded.load(ordering: .relaxed) }
    /// Windows whose scores were computed.
    package var windows: Int { windowsScored.load(ordering: .relaxed) }
    /// Windows of live cameras left out because a newer one was due already.
    package var skippedWindows: Int { windowsSkipped.load(ordering: .relaxed) }
    /// Windows of a camera that took the scores of the one before, because nothing had moved.
    package func reusedWindows(camera: Int) -> Int { windowsReused.withLock { $0[camera] } }
    /// Batches done: a watchdog sees that this grows, or that nothing is under way.
    package var batches: Int { finished.load(ordering: .relaxed) }
    package var isBusy: Bool { begun.load(ordering: .relaxed) != finished.load(ordering: .relaxed) }

    func add(frames: Int = 0, windows: Int = 0, skippedWindows: Int = 0) {
        if frames > 0 { framesEncoded.add(frames, ordering: .relaxed) }
        if windows > 0 { windowsScored.add(windows, ordering: .relaxed) }
        if skippedWindows > 0 { windowsSkipped.add(skippedWindows, ordering: .relaxed) }
    }

    func addReusedWindow(camera: Int) { windowsReused.withLock { $0[camera] += 1 } }

    func begin() { begun.add(1, ordering: .relaxed) }

    func finish() { finished.add(1, ordering: .relaxed) }
}
