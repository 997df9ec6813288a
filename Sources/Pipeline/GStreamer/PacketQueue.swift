import Foundation

/// Holds what a demuxer found until the reading thread takes it; bounded.
///
/// `@unchecked Sendable`: everything is guarded by `condition`.
final class PacketQueue: @unchecked Sendable {
    enum End: Sendable {
        case stream
        case failure(ClipFailure)
    }

    private let condition = NSCondition()
    private var events: [PacketEvent] = []
    private var byteCount = 0
    private var end: End?
    private var isClosed = false

    /// Compressed bytes that wait at most, one packet excepted.
    private static let byteLimit = 4 << 20

    /// Waits for room. False once closed.
    func put(_ event: PacketEvent) -> Bool {
        condition.lock()
        defer { condition.unlock() }
        while byteCount > Self.byteLimit, !isClosed { condition.wait() }
        guard !isClosed else { return false }
        if case .packet(let packet) = event { byteCount += packet.byteCount }
        if events.isEmpty { condition.signal() }
        events.append(event)
        return true
    }

    /// The first end counts.
    func finish(_ end: End) {
        condition.lock()
        self.end = self.end ?? end
        condition.broadcast()
        condition.unlock()
    }

    func close() {
        condition.lock()
        isClosed = true
        condition.broadcast()
        condition.unlock()
    }

    /// All that is there, waiting for something; empty at the stream's end.
    func take(_ watch: ClipWatch, name: String) throws(ClipFailure) -> [PacketEvent] {
        condition.lock()
        defer { condition.unlock() }
        while events.isEmpty {
            switch end {
            case .stream: return []
            case .failure(let failure): throw failure
            case nil: break
            }
            if let verdict = watch.verdict { throw watch.failure(name, verdict) }
            _ = condition.wait(until: Date(timeIntervalSinceNow: 0.02))
        }
        defer {
            events.removeAll(keepingCapacity: true)
            byteCount = 0
            condition.signal()
        }
        return events
    }
}
