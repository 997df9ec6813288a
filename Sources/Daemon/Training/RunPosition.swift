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

        var meanLoss: Double { batches == 0 ? .nan : loss / Double(batches) }
        var accuracy: Double { clips == 0 ? 0 : Double(correct) / Double(clips) }
        var clipsPerSecond: Double { seconds > 0 ? Double(clips) / seconds : 0 }
    }
}

/// What a run is, besides its recipe: a checkpoint is of use to no other.
struct RunIdentity: Sendable, Equatable, Codable {
    /// SHA-256 of the weights that it started from; nil from scratch.
    var weightsDigest: String?
    var listDigest: String
    var labels: [String]
    var promptsDigest: String

    /// What differs, a sentence each.
    func differences(from other: RunIdentity) -> [String] {
        var out: [String] = []
        if weightsDigest != other.weightsDigest { out.append("the model that it started from has other weights") }
        if listDigest != other.listDigest { out.append("the list names other clips or classes") }
        if labels != other.labels {
            if labels.sorted() == other.labels.sorted(),
                let place = labels.indices.first(where: { labels[$0] != other.labels[$0] })
            {
                out.append(
                    "the labels are in another order: class \(place) was \"\(other.labels[place])\", is \"\(labels[place])\""
                )
            } else {
                let gone = other.labels.filter { !labels.contains($0) }.prefix(3)
                let new = labels.filter { !other.labels.contains($0) }.prefix(3)
                out.append(
                    "other labels: \(gone.isEmpty ? "" : "without \(gone.joined(separator: ", ")) ")"
                        + "\(new.isEmpty ? "" : "with \(new.joined(separator: ", "))")")
            }
        } else if promptsDigest != other.promptsDigest {
            out.append("other prompts")
        }
        return out
    }
}
