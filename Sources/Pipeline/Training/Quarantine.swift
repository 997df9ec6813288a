/// The clips of a training list that could not be read. They are left out of their batches and not tried again.
package struct Quarantine: Sendable, Equatable, Codable {
    /// By number in the list.
    package private(set) var failures: [Int: ClipFailure] = [:]
    /// Clips of the list.
    package let clips: Int

    package init(clips: Int) { self.clips = clips }

    /// - Returns: whether the clip was not known yet.
    package mutating func note(_ failure: ClipFailure, of clip: Int) -> Bool {
        failures.updateValue(failure, forKey: clip) == nil
    }

    package func holds(_ clip: Int) -> Bool { failures[clip] != nil }

    package var count: Int { failures.count }

    /// - Parameter share: the largest part of the list that may be unreadable.
    package func exceeds(_ share: Double) -> Bool { Double(count) > share * Double(clips) }
}
