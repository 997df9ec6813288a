import Foundation
import Synchronization
import Testing

@testable import Recognizer

@Suite struct WorkerPoolTests {
    /// Counts how often each part and each worker came.
    private struct Count: ParallelJob {
        /// (parts)
        let parts: UnsafeMutablePointer<Int>
        let workers: Int
        let strangers: Counter

        func run(part: Int, worker: Int) {
            parts[part] += 1
            if !(0..<workers).contains(worker) { strangers.value.add(1, ordering: .relaxed) }
        }
    }

    fileprivate final class Counter: Sendable {
        let value = Atomic<Int>(0)
    }

    /// How often each part ran; the parts' memory is that of the calling thread alone.
    private func counts(_ pool: WorkerPool, parts: Int) -> [Int] {
        let strangers = Counter()
        var counts = [Int](repeating: 0, count: parts + 1)
        counts.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            pool.run(Count(parts: base, workers: pool.workers, strangers: strangers), parts: parts)
        }
        #expect(strangers.value.load(ordering: .relaxed) == 0, "a worker number outside the pool's")
        return Array(counts.dropLast())
    }

    @Test(arguments: [1, 2, 3, 5]) func runsEveryPartOnce(workers: Int) {
        let pool = WorkerPool(workers: workers)
        for parts in [0, 1, 2, 3, 7, 8, 9, 33, 1000] {
            #expect(counts(pool, parts: parts) == [Int](repeating: 1, count: parts), "\(parts) parts")
        }
    }

    @Test func worksOnThroughManyJobs() {
        let pool = WorkerPool(workers: 3)
        for job in 0..<600 {
            let parts = job % 11
            let counts = counts(pool, parts: parts)
            guard counts == [Int](repeating: 1, count: parts) else {
                Issue.record("job \(job) of \(parts) parts ran them \(counts) times")
                return
            }
        }
    }

    /// Each part adds what the job before has left, so a job that began too early or ended too late shows.
    @Test func jobsSeeWhatTheJobBeforeHasDone() {
        struct Increment: ParallelJob {
            let values: UnsafeMutablePointer<Int>
            func run(part: Int, worker: Int) { values[(part + 1) % 64 + 64] = values[part] + 1 }
        }
        struct Copy: ParallelJob {
            let values: UnsafeMutablePointer<Int>
            func run(part: Int, worker: Int) { values[part] = values[part + 64] }
        }
        let pool = WorkerPool(workers: 3)
        var values = [Int](repeating: 0, count: 128)
        values.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            for _ in 0..<100 {
                pool.run(Increment(values: base), parts: 64)
                pool.run(Copy(values: base), parts: 64)
            }
        }
        #expect(values == [Int](repeating: 100, count: 128))
    }

    @Test func poolsWorkSideBySide() async {
        let sums = await withTaskGroup(of: Int.self) { group in
            for index in 0..<6 {
                group.addTask {
                    await Self.onThread {
                        let pool = WorkerPool(workers: 1 + index % 3)
                        return (0..<50).reduce(0) { $0 + counts(pool, parts: $1 % 9).reduce(0, +) }
                    }
                }
            }
            return await group.reduce(into: [Int]()) { $0.append($1) }
        }
        #expect(sums == [Int](repeating: (0..<50).reduce(0) { $0 + $1 % 9 }, count: 6))
    }

    @Test func threadsEndWithThePool() async throws {
        let ended = Endings()
        var key = pthread_key_t()
        // Called on a thread that ends, with what it has set.
        try #require(
            pthread_key_create(&key) { value in
                guard let value else { return }
                Unmanaged<Endings>.fromOpaque(value).takeRetainedValue().semaphore.signal()
            } == 0)
        struct Mark: ParallelJob {
            let key: pthread_key_t
            let ended: Endings
            let meeting: Meeting
            func run(part: Int, worker: Int) {
                if worker > 0 { pthread_setspecific(key, Unmanaged.passRetained(ended).toOpaque()) }
                meeting.wait()
            }
        }
        do {
            let pool = WorkerPool(workers: 4)
            pool.run(Mark(key: key, ended: ended, meeting: Meeting(of: 4)), parts: 4)
        }
        let all = await Self.onThread {
            (0..<3).allSatisfy { _ in ended.semaphore.wait(timeout: .now() + 60) == .success }
        }
        #expect(all, "a thread outlived its pool")
        pthread_key_delete(key)
    }

    private final class Endings: Sendable {
        let semaphore = DispatchSemaphore(value: 0)
    }

    /// Runs what blocks on a thread of its own.
    private static func onThread<Result: Sendable>(_ work: @escaping @Sendable () -> Result) async -> Result {
        await withCheckedContinuation { continuation in
            Thread { continuation.resume(returning: work()) }.start()
        }
    }
}

/// Where threads wait for each other, so that each of them does one part of a job.
final class Meeting: Sendable {
    private let missing: Atomic<Int>

    init(of threads: Int) { missing = Atomic(threads) }

    func wait() {
        missing.subtract(1, ordering: .acquiringAndReleasing)
        while missing.load(ordering: .acquiring) > 0 { sched_yield() }
    }
}
