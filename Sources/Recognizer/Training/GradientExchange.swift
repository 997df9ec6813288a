import Foundation

/// Sums stretches of gradients over the processes of a group on a thread of its own, while the backward computes the next ones.
///
/// All processes hand over the same stretches in the same order; each is summed by itself. Between `add` and `finish` nobody
/// else may use the group.
final class GradientExchange {
    private let queue: Queue

    init(_ ranks: RankGroup) {
        queue = Queue(ranks)
        let thread = Thread { [queue] in queue.work() }
        thread.name = "claverd-exchange"
        thread.start()
    }

    deinit { queue.close() }

    /// Takes over a stretch until `finish`.
    func add(_ stretch: GradientStretch) { queue.add(stretch) }

    /// Waits until all that was added is summed. Throws what went wrong with any of it.
    func finish() throws(RankGroupError) { try queue.finish() }

    /// Whether all that was added is summed.
    var isIdle: Bool { queue.isIdle }
}

/// What the thread shares with the one that trains.
///
/// `@unchecked Sendable`: everything is read and written with `condition` locked, except the group and the values of the stretch
/// in work, which are the thread's alone while there is one.
private final class Queue: @unchecked Sendable {
    private let ranks: RankGroup
    private let condition = NSCondition()
    private var stretches: [GradientStretch] = []
    private var isWorking = false
    private var isClosed = false
    private var failure: RankGroupError?

    init(_ ranks: RankGroup) { self.ranks = ranks }

    func add(_ stretch: GradientStretch) {
        condition.withLock {
            stretches.append(stretch)
            condition.broadcast()
        }
    }

    func close() {
        condition.withLock {
            isClosed = true
            condition.broadcast()
        }
    }

    var isIdle: Bool { condition.withLock { stretches.isEmpty && !isWorking } }

    func finish() throws(RankGroupError) {
        let failure = condition.withLock {
            while !stretches.isEmpty || isWorking { condition.wait() }
            return self.failure
        }
        if let failure { throw failure }
    }

    func work() {
        condition.lock()
        while true {
            while stretches.isEmpty && !isClosed { condition.wait() }
            guard !isClosed else { return condition.unlock() }
            let stretch = stretches.removeFirst()
            isWorking = true
            condition.unlock()
            let outcome = Result { () throws(RankGroupError) in try ranks.sum(stretch.values) }
            condition.lock()
            if case .failure(let error) = outcome { failure = failure ?? error }
            isWorking = false
            condition.broadcast()
        }
    }
}
