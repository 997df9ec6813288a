import Recognizer

/// How clips are read ahead.
package struct ClipLoaderOptions: Sendable, Equatable {
    /// Clips decoded at the same time, each by one thread.
    package var threads: Int
    /// Clips that are read or wait to be taken, at most.
    package var ahead: Int
    /// A clip without progress for so long is given up as `hanging`.
    package var timeLimit: Duration

    package init(
        threads: Int = Processors.count, ahead: Int? = nil,
        timeLimit: Duration = .seconds(30)
    ) {
        self.threads = max(1, threads)
        self.ahead = max(1, ahead ?? 2 * self.threads)
        self.timeLimit = timeLimit
    }
}
