import Foundation
import Pipeline

/// How far a training is: one line on a terminal, and a line for each epoch everywhere.
struct TrainProgress {
    private let isShown: Bool
    private var shownAt: ContinuousClock.Instant?

    init(isShown: Bool) { self.isShown = isShown }

    /// At most ten times a second.
    ///
    /// - Parameters:
    ///   - updates: of an epoch.
    ///   - seconds: that an update takes of late.
    mutating func show(_ position: RunPosition, epochs: Int, updates: Int, seconds: Double) {
        guard isDue() else { return }
        StandardError.show(Self.line(position, epochs: epochs, updates: updates, secondsPerUpdate: seconds))
    }

    /// What is done before and between updates, such as `validating`.
    mutating func show(_ work: String, done: Int, of total: Int) {
        guard isDue() || done == total else { return }
        if isShown { StandardError.show("\(work) \(done)/\(total)") }
    }

    private mutating func isDue() -> Bool {
        guard isShown else { return false }
        let now = ContinuousClock.now
        if let shownAt, now - shownAt < .milliseconds(100) { return false }
        shownAt = now
        return true
    }

    func clear() { if isShown { StandardError.clearLine() } }

    /// A line that stays.
    func tell(_ line: String) {
        clear()
        StandardError.write(line + "\n")
    }

    /// - Parameter secondsPerUpdate: of late.
    static func line(_ position: RunPosition, epochs: Int, updates: Int, secondsPerUpdate: Double) -> String {
        let (done, total) = (position.epoch * updates + position.update, epochs * updates)
        // With what matters most in front: a narrow terminal shows no more than fits.
        let width = 8
        let filled = total == 0 ? width : done * width / total
        let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: width - filled)
        let sums = position.sums
        return String(
            format: "[%@] epoch %d/%d %d/%d  %@ left  %.1f clips/s  loss %.4f  right %.0f %%", bar,
            position.epoch + 1, epochs, position.update, updates,
            EvalProgress.time(Double(total - done) * secondsPerUpdate), sums.clipsPerSecond, sums.meanLoss,
            sums.accuracy * 100)
            + (position.quarantine.count > 0 ? ", \(position.quarantine.count) unreadable" : "")
            + (position.skipped > 0 ? ", \(position.skipped) skipped" : "")
    }

    static func line(_ epoch: RunRecord.Epoch, of epochs: Int, secondsLeft: Double) -> String {
        var text = String(
            format: "epoch %d/%d  loss %.4f  right %.1f %%", epoch.epoch + 1, epochs, epoch.loss, epoch.accuracy * 100)
        if let top1 = epoch.top1, let top5 = epoch.top5 {
            text += String(format: "  val top-1 %.2f %%  top-5 %.2f %%", top1 * 100, top5 * 100)
            if epoch.isBest { text += ", the best" }
            if let count = epoch.validationUnreadable { text += ", \(count) unreadable counted as wrong" }
        }
        text += String(format: "  %.1f clips/s", epoch.clipsPerSecond)
        return epoch.epoch + 1 < epochs ? text + "  \(EvalProgress.time(secondsLeft)) left" : text
    }
}
