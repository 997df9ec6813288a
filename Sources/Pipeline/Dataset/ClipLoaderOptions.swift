import Recognizer

/// How clips are read ahead.
package struct ClipLoaderOptions: Sendable, Equatable {
    /// Clips decoded at the same time, each by one thread.
    package var threads: Int
    /// Clips that are read or wait to be taken, at most.
    package var ahead: Int
    /// A clip without progress for so long is given up as `hanging`.
    package var timeLimit: Duration

    /// Most that clips take which were read and wait to be taken.
    private static let mostBytes = 1 << 30

    /// - Parameters:
    ///   - ahead: nil: two for each thread.
    ///   - clipBytes: what a clip takes; fewer are read ahead where they are large.
    package init(
        threads: Int = Processors.count, ahead: Int? = nil, clipBytes: Int = 1, timeLimit: Duration = .seconds(30)
    ) {
        self.threads = max(1, threads)
        self.ahead = max(1, min(ahead ?? 2 * self.threads, Self.mostBytes / clipBytes))
        self.timeLimit = timeLimit
    }
}
