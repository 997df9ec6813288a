/// Something that happens once, from any thread, and that one task waits for.
struct Latch: Sendable {
    private let stream: AsyncStream<Never>
    private let continuation: AsyncStream<Never>.Continuation

    init() {
        (stream, continuation) = AsyncStream.makeStream()
    }

    /// May be called more than once.
    func open() {
        continuation.finish()
    }

    /// Returns when the latch is open or `limit` has passed, whichever comes first. Called by one task.
    func wait(atMost limit: Duration) async {
        let timer = Task {
            try? await Task.sleep(for: limit)
            continuation.finish()
        }
        for await _ in stream {}
        timer.cancel()
    }
}
