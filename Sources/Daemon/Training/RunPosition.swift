import Foundation
import Pipeline

/// Where a run stands, besides weights and optimizer: what its checkpoint holds as JSON.
struct RunPosition: Sendable, Equatable, Codable {
    /// Counted from 0.
    var epoch = 0
    /// Updates of the epoch that are done or were skipped.
    var update = 0
    /// Sums over the epoch so far.
    var sums = Sums()
    /// Updates skipped in the whole run.
    var skipped = 0
    /// Of these, the ones since the last update that was not.
    var skippedInARow: Int?
    /// Highest top-1 of the epochs validated, and which it was.
    var best: Best?
    var quarantine: Quarantine
    /// Bytes of the log that belong to the run up to here.
    var logByteCount = 0
    /// Of wall-clock time, waits included, of all processes that took part.
    var seconds = 0.0

    struct Best: Sendable, Equatable, Codable {
        var epoch: Int
        var top1: Double
    }

    struct Sums: Sendable, Equatable, Codable {
        var batches = 0
        var loss = 0.0
        var clips = 0
        var correct = 0
        var seconds = 0.0

        /// 0 where every update was skipped: a log holds numbers only.
        var meanLoss: Double { batches == 0 ? 0 : loss / Double(batches) }
        var accuracy: Double { clips == 0 ? 0 : Double(correct) / Double(clips) }
        var clipsPerSecond: Double { seconds > 0 ? Double(clips) / seconds : 0 }
    }
}
