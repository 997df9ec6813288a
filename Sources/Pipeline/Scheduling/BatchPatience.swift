/// Decides how long sampled frames wait for other cameras' frames: the weights are read once for all frames of a batch, so
/// several together cost less than one after the other.
///
/// A frame waits for an eighth of a hop at most, so a window is scored well before the next one is due, and never so long that
/// the next frame of its camera comes.
package struct BatchPatience: Sendable, Equatable {
    /// Longer would be noticed by people who watch.
    private static let longest = Duration.milliseconds(100)

    /// So many frames wait for no more.
    private let batch: Int
    private let limit: Duration

    /// - Parameters:
    ///   - rhythms: of each live camera; files are always ahead, nobody waits for them.
    ///   - batch: frames of a whole batch.
    package init(rhythms: [(period: Duration, hop: Int)], batch: Int) {
        self.batch = batch
        limit = rhythms.reduce(Self.longest) { min($0, $1.period / 2, $1.period * $1.hop / 8) }
    }

    /// For how long to wait still; nil to begin now.
    ///
    /// - Parameters:
    ///   - frames: that wait.
    ///   - online: live cameras that send; one frame of each waits for no more.
    ///   - oldest: when the first of them left its decoder.
    package func remaining(
        frames: Int, online: Int, oldest: ContinuousClock.Instant?, now: ContinuousClock.Instant
    ) -> Duration? {
        guard let oldest, frames < min(online, batch), now < oldest + limit else { return nil }
        return oldest + limit - now
    }
}
