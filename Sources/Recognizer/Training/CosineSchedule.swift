import Foundation

/// The learning rate of each update: one half of a cosine from the first update to the last, down to a floor; during the warm-up
/// instead linear from 0. So it falls at the end of the warm-up by what the cosine has fallen by then.
package struct CosineSchedule: Sendable, Equatable {
    /// What the cosine falls from, and what the warm-up rises towards.
    package var base: Double
    /// The rate at the end, the same for all parameters.
    package var floor: Double
    /// Updates of the warm-up.
    package var warmUp: Int
    /// Updates of the run, the warm-up included.
    package var updates: Int

    package init(base: Double, floor: Double, warmUp: Int, updates: Int) {
        self.base = base
        self.floor = floor
        self.warmUp = warmUp
        self.updates = updates
    }

    /// - Parameters:
    ///   - update: counted from 1.
    ///   - factor: what `base` is multiplied by, for parameters that learn faster.
    package func rate(at update: Int, factor: Double = 1) -> Double {
        let base = base * factor
        if update < warmUp { return Double(update) * (base / Double(warmUp)) }
        guard update < updates else { return floor }
        return floor + 0.5 * (base - floor) * (1 + cos(.pi * Double(update) / Double(updates)))
    }
}
