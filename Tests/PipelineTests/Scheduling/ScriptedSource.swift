import Pipeline
import Synchronization

/// A source that tells what a test has it tell, on the test's own thread.
final class ScriptedSource: FrameSource {
    let isLive: Bool
    private let handler = Mutex<(@Sendable (SourceEvent) -> Void)?>(nil)

    init(isLive: Bool) { self.isLive = isLive }

    func start(_ handler: @escaping @Sendable (SourceEvent) -> Void) {
        self.handler.withLock { $0 = handler }
    }

    func stop() { handler.withLock { $0 = nil } }

    func send(_ event: SourceEvent) {
        let handler = handler.withLock { $0 }
        handler?(event)
    }

    /// Sends a frame for each time, in milliseconds; a frame's picture follows from its number alone.
    func sendFrames(_ numbers: some Sequence<Int>, everyMilliseconds step: Int, from first: Int = 0) {
        for number in numbers {
            let time = StreamTime(nanoseconds: Int64(first + number * step) * 1_000_000)
            send(.frame(SyntheticFrame(at: time, seed: number)))
        }
    }
}
