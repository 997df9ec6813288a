/// What happens when a batch gives numbers that are not finite: its update is skipped and counted, and several in a row
/// mean that the weights, not the batch, are to blame.
package struct NonFinitePolicy: Sendable, Equatable {
    package enum Verdict: Sendable, Equatable {
        case skip, stop
    }

    /// In a row that stop the run.
    package static let limit = 3

    /// Updates skipped in all.
    package private(set) var skipped: Int
    /// Of these, the ones since the last update that gave finite numbers.
    package private(set) var inARow: Int

    package init(skipped: Int = 0, inARow: Int = 0) {
        self.skipped = skipped
        self.inARow = inARow
    }

    /// Whether the last update gave finite numbers.
    package var isClean: Bool { inARow == 0 }

    package mutating func noteFinite() { inARow = 0 }

    /// An update for which there was no clip says nothing of the weights.
    package mutating func noteNoClips() { skipped += 1 }

    package mutating func noteNonFinite() -> Verdict {
        skipped += 1
        inARow += 1
        return inARow < Self.limit ? .skip : .stop
    }
}
