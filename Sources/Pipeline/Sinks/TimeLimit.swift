import Synchronization

extension Task {
    /// Waits until the task is done, but no longer than `limit`, and says whether it is. The task itself goes on.
    ///
    /// A task group cannot do this: it waits for all its children, also for one that never ends.
    func isDone(within limit: Duration) async -> Bool {
        await withCheckedContinuation { continuation in
            let answer = FirstAnswer(continuation)
            let timer = _Concurrency.Task<Void, Never> {
                try? await _Concurrency.Task<Never, Never>.sleep(for: limit)
                answer.give(false)
            }
            _Concurrency.Task<Void, Never> {
                _ = await self.result
                answer.give(true)
                timer.cancel()
            }
        }
    }
}

/// Resumes a continuation once, with whichever answer comes first.
private final class FirstAnswer: Sendable {
    private let continuation: Mutex<CheckedContinuation<Bool, Never>?>

    init(_ continuation: CheckedContinuation<Bool, Never>) {
        self.continuation = Mutex(continuation)
    }

    func give(_ answer: Bool) {
        let waiting = continuation.withLock { continuation in
            defer { continuation = nil }
            return continuation
        }
        waiting?.resume(returning: answer)
    }
}
