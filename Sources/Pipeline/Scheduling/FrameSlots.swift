/// The slots of a session that kept frames lie in, shared by all cameras: a slot is free once no window can need its frame.
///
/// Nothing is counted: before each batch the frames that windows still hold are marked, and all other slots are free. So
/// `cameras * T + batch` slots are enough.
package struct FrameSlots: Sendable {
    private var isTaken: [Bool]
    /// All before it are taken.
    private var next = 0

    package init(count: Int) { isTaken = [Bool](repeating: false, count: count) }

    /// Frees all; to be followed by `keep` for each that is needed still.
    package mutating func releaseAll() {
        for slot in isTaken.indices { isTaken[slot] = false }
        next = 0
    }

    package mutating func keep(_ slot: Int) { isTaken[slot] = true }

    /// A free slot, taken from here on.
    /// - Precondition: there is one.
    package mutating func take() -> Int {
        while next < isTaken.count, isTaken[next] { next += 1 }
        precondition(next < isTaken.count, "all \(isTaken.count) slots are taken")
        isTaken[next] = true
        return next
    }
}
