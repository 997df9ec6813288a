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
/// `@unchecked Sendable`: everything but the atomics is read and written with `condition` locked, except that a worker
/// which entered a job reads the job's fields, which stay as they are until it has left.
private final class Shared: @unchecked Sendable {
    private let condition = NSCondition()
    private var open = false
    private var active = 0
    private var stopping = false
    private var jobType: (any ParallelJob.Type)?
    private var job: UnsafeRawPointer?
    private var parts = 0
    private let generation = Atomic<Int>(0)
    private let next = Atomic<Int>(0)

    /// About 20 microseconds: longer than the pause between two steps of a block, shorter than a thread's wake-up.
    private static let spins = 400

    func run(_ type: any ParallelJob.Type, _ job: UnsafeRawPointer, parts: Int) {
        condition.lock()
        jobType = type
        self.job = job
        self.parts = parts
        next.store(0, ordering: .relaxed)
        open = true
        generation.add(1, ordering: .releasing)
        condition.broadcast()
        condition.unlock()
        takeParts(type, job, parts, worker: 0)
        condition.lock()
        open = false
        while active > 0 { condition.wait() }
        condition.unlock()
    }

    func work(as worker: Int) {
        var seen = 0
        while true {
            for _ in 0..<Self.spins where generation.load(ordering: .relaxed) == seen { Self.pause() }
            condition.lock()
            while !stopping && (!open || generation.load(ordering: .relaxed) == seen) { condition.wait() }
            if stopping {
                condition.unlock()
                return
            }
            seen = generation.load(ordering: .relaxed)
            active += 1
            let (type, job, parts) = (jobType, job, parts)
            condition.unlock()
            if let type, let job { takeParts(type, job, parts, worker: worker) }
            condition.lock()
            active -= 1
            if active == 0 { condition.broadcast() }
            condition.unlock()
        }
    }

    func stop() {
        condition.lock()
        stopping = true
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

    private static func pause() {
        // An atomic read-modify-write of a line nobody else touches would cost as much; a compiler fence suffices.
        atomicMemoryFence(ordering: .acquiring)
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
