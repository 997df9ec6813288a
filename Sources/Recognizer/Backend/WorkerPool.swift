import CKernels
import Foundation
import Synchronization

/// Work that splits into independent parts. A value, so that handing it to the pool allocates nothing.
protocol ParallelJob {
    /// Does part `part`; `worker` numbers the thread, for scratch memory of its own.
    func run(part: Int, worker: Int)
}

extension ParallelJob {
    fileprivate static func run(_ job: UnsafeRawPointer, part: Int, worker: Int) {
        job.assumingMemoryBound(to: Self.self).pointee.run(part: part, worker: worker)
    }
}

/// A fixed set of threads that run one job at a time, part by part.
///
/// The library threads of OpenBLAS and oneDNN are off; this is the only parallelism of the recogniser. The calling
/// thread works too, as worker 0. Parts are taken from one counter, and a thread that comes too late for a job is not
/// waited for, so one that the kernel delays holds nobody up.
package final class WorkerPool: Sendable {
    /// Threads that work on a job, the caller's included.
    package let workers: Int
    private let shared = Shared()

    /// - Parameter workers: at least 1.
    package init(workers: Int) {
        precondition(workers >= 1, "a pool needs a worker")
        self.workers = workers
        for worker in 1..<max(workers, 1) {
            let thread = Thread { [shared] in shared.work(as: worker) }
            thread.name = "claverd-work-\(worker)"
            thread.start()
        }
    }

    deinit { shared.stop() }

    /// Runs parts `0..<parts` of `job` and returns when all are done. Called from one thread at a time.
    func run<Job: ParallelJob>(_ job: borrowing Job, parts: Int) {
        if workers == 1 || parts == 1 {
            for part in 0..<parts { job.run(part: part, worker: 0) }
        } else {
            withUnsafePointer(to: job) { shared.run(Job.self, UnsafeRawPointer($0), parts: parts) }
        }
    }
}

/// What the pool and its threads share.
///
/// A job begins with a new `state` and ends when it is closed and nobody is in it. All of it is lock-free but for threads that have
/// waited long enough to sleep: between two steps of a block there is less time than a thread takes to wake up.
///
/// `@unchecked Sendable`: the job's fields are written while no thread is in a job, before `state` says that there is a new one.
private final class Shared: @unchecked Sendable {
    private let state = Atomic<Int>(0)
    private let next = Atomic<Int>(0)
    private var jobType: (any ParallelJob.Type)?
    private var job: UnsafeRawPointer?
    private var parts = 0

    private let condition = NSCondition()
    /// Threads that sleep, or are about to.
    private let sleepers = Atomic<Int>(0)
    private let stopping = Atomic<Bool>(false)

    /// The bits of `state`: how many threads are in the job, whether more may enter, and the job's number above.
    private static let open = 1 << 16
    private static let one = 1 << 17
    private static func inside(_ state: Int) -> Int { state & (open - 1) }
    private static func number(_ state: Int) -> Int { state & ~(one - 1) }

    /// Some 50 microseconds: longer than the pause between two steps, or than a part takes.
    private static let spins = 1000

    func run(_ type: any ParallelJob.Type, _ job: UnsafeRawPointer, parts: Int) {
        jobType = type
        self.job = job
        self.parts = parts
        next.store(0, ordering: .relaxed)
        let last = Self.number(state.load(ordering: .relaxed))
        state.store((last &+ Self.one) | Self.open, ordering: .sequentiallyConsistent)
        wakeSleepers()
        takeParts(type, job, parts, worker: 0)
        state.bitwiseAnd(~Self.open, ordering: .sequentiallyConsistent)
        wait { Self.inside($0) == 0 }
    }

    func work(as worker: Int) {
        var seen = 0
        while true {
            wait { stopping.load(ordering: .relaxed) || ($0 & Self.open != 0 && Self.number($0) != seen) }
            if stopping.load(ordering: .relaxed) { return }
            let found = state.load(ordering: .relaxed)
            guard found & Self.open != 0,
                state.compareExchange(expected: found, desired: found + 1, ordering: .acquiring).exchanged
            else { continue }
            seen = Self.number(found)
            if let jobType, let job { takeParts(jobType, job, parts, worker: worker) }
            state.subtract(1, ordering: .sequentiallyConsistent)
            wakeSleepers()
        }
    }

    func stop() {
        stopping.store(true, ordering: .sequentiallyConsistent)
        wakeSleepers()
    }

    /// Returns when `state` is what is waited for.
    private func wait(until isReady: (Int) -> Bool) {
        for _ in 0..<Self.spins {
            if isReady(state.load(ordering: .acquiring)) { return }
            ckernels_pause()
        }
        condition.lock()
        sleepers.add(1, ordering: .sequentiallyConsistent)
        while !isReady(state.load(ordering: .sequentiallyConsistent)) { condition.wait() }
        sleepers.subtract(1, ordering: .relaxed)
        condition.unlock()
    }

    /// After a change of what is waited for: whoever noted itself before the change was made is woken, whoever notes itself later sees it.
    private func wakeSleepers() {
        guard sleepers.load(ordering: .sequentiallyConsistent) > 0 else { return }
        condition.lock()
        condition.broadcast()
        condition.unlock()
    }

    private func takeParts(_ type: any ParallelJob.Type, _ job: UnsafeRawPointer, _ parts: Int, worker: Int) {
        while true {
            let part = next.add(1, ordering: .relaxed).oldValue
            guard part < parts else { return }
            type.run(job, part: part, worker: worker)
        }
    }
}

extension WorkerPool {
    /// Runs `body` for parts `0..<parts`, where the allocation of a closure does not matter.
    ///
    /// - Parameter body: called on several threads at once; writes only what belongs to its part or its worker.
    func forEach(parts: Int, _ body: (_ part: Int, _ worker: Int) -> Void) {
        withoutActuallyEscaping(body) { run(ClosureJob(body: $0), parts: parts) }
    }
}

private struct ClosureJob: ParallelJob {
    let body: (Int, Int) -> Void

    func run(part: Int, worker: Int) { body(part, worker) }
}
