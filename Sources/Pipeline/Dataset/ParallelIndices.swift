import Dispatch
import Synchronization

/// Work on many clips, several at a time.
enum ParallelIndices {
    /// Runs `body` for each index below `count`, on threads that it may block, each with what `make` gives it.
    static func forEach<Own>(
        _ count: Int, threads: Int, make: @Sendable () -> Own, _ body: @Sendable (Int, Own) -> Void
    ) {
        let next = Atomic(0)
        DispatchQueue.concurrentPerform(iterations: min(threads, count)) { _ in
            let own = make()
            while true {
                let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard index < count else { return }
                body(index, own)
            }
        }
    }
}
