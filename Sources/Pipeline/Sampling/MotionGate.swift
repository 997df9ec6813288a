/// Decides for one camera which frames look like the one before, and which windows hold nothing but such.
///
/// A frame is compared with the latest one that counted as changed, so that a slow drift adds up until it is seen. What is
/// compared is the mean brightness of cells of the picture (`BrightnessCells`): a sensor's noise averages out within a cell,
/// and something small that moves still changes the cells that it is in. An unchanged frame stands on the changed one's
/// features; a window of the same pictures as the last one that was scored has the same scores.
///
///     if gate.offer(cells) == .changed { pictures += 1; compute the frame's features }
///     if gate.decide(window) == .score { compute the window }    // window: the number of each frame's picture
package struct MotionGate: Sendable {
    package enum FrameDecision: Sendable, Equatable {
        case changed, unchanged
    }

    package enum WindowDecision: Sendable, Equatable {
        case score, reuse
    }

    /// In levels of 0...255. The noise of a camera at night stays below it, a walking person far away is well above.
    package static let usualThreshold = 8.0

    private let threshold: Float
    /// Of the latest changed frame; empty before the first.
    private var reference: [Float] = []
    /// Picture numbers of the window that was scored last.
    private var scored: [Int] = []

    /// - Parameter threshold: the largest difference of a cell, in levels of 0...255, that is no change.
    /// - Precondition: `threshold` is not negative.
    package init(threshold: Double) {
        precondition(threshold >= 0, "a threshold of \(threshold)")
        self.threshold = Float(threshold)
    }

    /// Decides about the next frame.
    /// - Parameter cells: mean brightness of its cells, in levels; as many each time.
    package mutating func offer(_ cells: [Float]) -> FrameDecision {
        if reference.count == cells.count, !cells.isEmpty, isUnchanged(cells) { return .unchanged }
        reference.removeAll(keepingCapacity: true)
        reference.append(contentsOf: cells)
        return .changed
    }

    /// Decides about the next window that is due; one that is to be scored counts as scored.
    /// - Parameter pictures: a number for each frame, the same for frames that share a changed one's features, and for no others.
    package mutating func decide(_ pictures: some Collection<Int>) -> WindowDecision {
        if scored.elementsEqual(pictures) { return .reuse }
        scored.removeAll(keepingCapacity: true)
        scored.append(contentsOf: pictures)
        return .score
    }

    /// The stream begins anew: the next frame counts as changed, and so the next window is scored.
    package mutating func restart() { reference.removeAll(keepingCapacity: true) }

    /// The last window's scores cannot be used again.
    package mutating func forgetScores() { scored.removeAll(keepingCapacity: true) }

    /// A brightness that is no number is a change.
    private func isUnchanged(_ cells: [Float]) -> Bool {
        for index in cells.indices where !(abs(cells[index] - reference[index]) <= threshold) { return false }
        return true
    }
}
