import Foundation

/// A task executor with one thread of its own: code that blocks in it blocks that thread and nothing else.
///
/// Runs until `close()`. A job that comes later, from a task left behind, runs on the global executor instead.
// Sendable: `jobs` and `isClosed` are touched only between `lock()` and `unlock()` of `condition`.
package final class ThreadExecutor: TaskExecutor, @unchecked Sendable {
    private let condition = NSCondition()
    private var jobs: [UnownedJob] = []
    private var isClosed = false

    /// - Parameter name: the thread's name; the system shows the first 15 bytes.
    package init(name: String) {
        let thread = Thread { self.run() }
        thread.name = name
        thread.start()
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        condition.lock()
        let isClosed = isClosed
        if !isClosed {
            jobs.append(job)
            condition.signal()
        }
        condition.unlock()
        if isClosed { globalConcurrentExecutor.enqueue(job) }
    }

    /// Lets the thread end once its jobs are done; returns at once, even if one of them never will be.
    package func close() {
        condition.lock()
        isClosed = true
        condition.signal()
        condition.unlock()
    }

    private func run() {
        while let batch = nextJobs() {
            for job in batch { job.runSynchronously(on: asUnownedTaskExecutor()) }
        }
    }

    private func nextJobs() -> [UnownedJob]? {
        condition.lock()
        defer { condition.unlock() }
        while jobs.isEmpty && !isClosed { condition.wait() }
        if jobs.isEmpty { return nil }
        defer { jobs.removeAll() }
        return jobs
    }
}
