import Foundation

/// Which clip a thread reads next, and the results until they are taken in order.
///
/// `@unchecked Sendable`: everything that changes is guarded by `condition`.
final class ClipLoaderQueue: @unchecked Sendable {
    typealias Outcome = Result<DecodedClip, ClipFailure>

    private let count: Int
    private let options: ClipLoaderOptions
    private let condition = NSCondition()
    private var started = 0
    private var delivered = 0
    private var outcomes: [Int: Outcome] = [:]
    private var underWay: [Int: ClipWatch] = [:]
    private var threads = 0
    private var isCancelled = false

    /// How much longer than its limit a clip may take before its thread is believed to be stuck in a call that does not end.
    private static let patience: Duration = .seconds(2)

    init(count: Int, options: ClipLoaderOptions) {
        self.count = count
        self.options = options
    }

    /// A thread joins.
    func enter() { condition.withLock { threads += 1 } }

    /// A thread goes.
    func leave() {
        condition.withLock {
            threads -= 1
            condition.broadcast()
        }
    }

    /// The next clip to read, waiting for room; nil when there is none left.
    func begin() -> (index: Int, watch: ClipWatch)? {
        condition.withLock {
            while !isCancelled, started < count, started >= delivered + options.ahead { condition.wait() }
            guard !isCancelled, started < count else { return nil }
            let watch = ClipWatch(limit: options.timeLimit)
            underWay[started] = watch
            defer { started += 1 }
            return (started, watch)
        }
    }

    /// False if the clip was given up meanwhile: the thread is no longer counted.
    func finish(_ index: Int, watch: ClipWatch, _ outcome: Outcome) -> Bool {
        condition.withLock {
            guard underWay[index] === watch else { return false }
            underWay[index] = nil
            outcomes[index] = outcome
            condition.broadcast()
            return true
        }
    }

    /// - Parameter replaceThread: called when a thread was given up.
    func next(replaceThread: () -> Void) -> (index: Int, clip: Outcome)? {
        while true {
            condition.lock()
            guard !isCancelled, delivered < count else {
                condition.unlock()
                return nil
            }
            let index = delivered
            if let outcome = outcomes.removeValue(forKey: index) {
                delivered += 1
                condition.broadcast()
                condition.unlock()
                return (index, outcome)
            }
            if let watch = underWay[index], watch.silence > options.timeLimit + Self.patience {
                watch.cancel()
                underWay[index] = nil
                threads -= 1
                outcomes[index] = .failure(watch.failure("its decoder", .hanging))
                condition.unlock()
                replaceThread()
                continue
            }
            _ = condition.wait(until: Date(timeIntervalSinceNow: 0.5))
            condition.unlock()
        }
    }

    func cancel() {
        condition.withLock {
            isCancelled = true
            for watch in underWay.values { watch.cancel() }
            outcomes = [:]
            condition.broadcast()
            let end = Date(timeIntervalSinceNow: Self.patience.inSeconds)
            while threads > 0, condition.wait(until: end) {}
        }
    }
}
