import Dispatch
import Recognizer
import Synchronization

/// A backend whose spatial batches stop at a gate: inference as slow as a test wants it.
struct GatedBackend: Backend {
    let base: CPUBackend
    let gate: Gate

    var description: String { base.description }

    func makeVisionTower(
        _ weights: ModelWeights, _ geometry: ModelGeometry, capacity: VisionCapacity
    ) throws -> any VisionTower {
        GatedTower(base: try base.makeVisionTower(weights, geometry, capacity: capacity), gate: gate)
    }

    func makeTextTower(_ weights: ModelWeights, _ geometry: ModelGeometry) throws -> any TextTower {
        try base.makeTextTower(weights, geometry)
    }
}

final class Gate: Sendable {
    /// A value for each batch that has come to the gate: its number of frames.
    let arrivals: AsyncStream<Int>
    private let inlet: AsyncStream<Int>.Continuation
    private let passes = DispatchSemaphore(value: 0)
    private let isOpen = Mutex(false)

    init() { (arrivals, inlet) = AsyncStream.makeStream(of: Int.self) }

    /// The next batch to arrive.
    func arrival() async -> Int? { await arrivals.first { _ in true } }

    func passOne() { passes.signal() }

    /// Lets all pass from here on.
    func open() {
        isOpen.withLock { $0 = true }
        passes.signal()
    }

    fileprivate func wait(frames: Int) {
        inlet.yield(frames)
        passes.wait()
        if isOpen.withLock({ $0 }) { passes.signal() }
    }
}

private final class GatedTower: VisionTower {
    private let base: any VisionTower
    private let gate: Gate

    init(base: any VisionTower, gate: Gate) {
        self.base = base
        self.gate = gate
    }

    func encodeFrames(_ patches: UnsafePointer<Float>, count: Int, slots: UnsafePointer<Int>) {
        gate.wait(frames: count)
        base.encodeFrames(patches, count: count, slots: slots)
    }

    func encodeWindows(_ slots: UnsafePointer<Int>, count: Int, features: UnsafeMutablePointer<Float>) {
        base.encodeWindows(slots, count: count, features: features)
    }

    func readFeatures(slot: Int, into out: UnsafeMutablePointer<Float>) { base.readFeatures(slot: slot, into: out) }
}
