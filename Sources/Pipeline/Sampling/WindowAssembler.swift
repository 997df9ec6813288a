/// Keeps the last `length` sampled items of a stream and says when a window is due. Allocates only when made.
package struct WindowAssembler<Item> {
    /// Times of a window's first and last item.
    package struct Span: Sendable, Equatable {
        package let start: StreamTime
        package let end: StreamTime

        package init(start: StreamTime, end: StreamTime) {
            self.start = start
            self.end = end
        }
    }

    private let length: Int
    private let hop: Int
    /// What it holds, in no order: all that a coming window can need.
    package private(set) var items: [Item] = []
    private var times: [StreamTime] = []
    /// Index of the oldest item once the ring is full.
    private var oldest = 0
    private var untilDue: Int

    /// - Parameters:
    ///   - length: items per window, the model's `T`.
    ///   - hop: items from one window to the next.
    /// - Precondition: both at least 1.
    package init(length: Int, hop: Int) {
        precondition(length >= 1 && hop >= 1, "a window needs at least one item and a hop of at least one")
        self.length = length
        self.hop = hop
        untilDue = length
        items.reserveCapacity(length)
        times.reserveCapacity(length)
    }

    /// Adds an item. If a window is due, fills `window` with its `length` items, oldest first, and returns its times;
    /// otherwise leaves `window` alone and returns nil. `window` keeps its storage from call to call.
    package mutating func append(_ item: Item, at time: StreamTime, window: inout [Item]) -> Span? {
        if items.count < length {
            items.append(item)
            times.append(time)
        } else {
            items[oldest] = item
            times[oldest] = time
            oldest = (oldest + 1) % length
        }
        untilDue -= 1
        guard untilDue == 0 else { return nil }
        untilDue = hop
        window.removeAll(keepingCapacity: true)
        window.append(contentsOf: items[oldest...])
        window.append(contentsOf: items[..<oldest])
        return Span(start: times[oldest], end: time)
    }

    /// Forgets all items: the next window is due after `length` more.
    package mutating func restart() {
        items.removeAll(keepingCapacity: true)
        times.removeAll(keepingCapacity: true)
        oldest = 0
        untilDue = length
    }
}

extension WindowAssembler: Sendable where Item: Sendable {}
