import Foundation
import Pipeline
import Synchronization

/// How many clips are done, at what rate, and how long the rest will take, on one line of a terminal; silent elsewhere.
final class DatasetProgress: Sendable {
    private let isTerminal = StandardError.isTerminal
    private let begin = ContinuousClock.now
    private let shownAt = Mutex<ContinuousClock.Instant?>(nil)

    private static let barWidth = 24

    /// At most ten times a second; from any thread.
    func show(done: Int, total: Int) {
        guard isTerminal else { return }
        shownAt.withLock { last in
            if let last, ContinuousClock.now - last < .milliseconds(100), done < total { return }
            last = .now
            StandardError.show(Self.line(done: done, total: total, elapsed: ContinuousClock.now - begin))
        }
    }

    func clear() {
        if isTerminal { StandardError.clearLine() }
    }

    static func line(done: Int, total: Int, elapsed: Duration) -> String {
        let share = total > 0 ? Double(done) / Double(total) : 1
        let filled = Int(share * Double(barWidth))
        let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: barWidth - filled)
        let seconds = elapsed.inSeconds
        let rate = seconds > 0 ? Double(done) / seconds : 0
        let left = rate > 0 ? Int((Double(total - done) / rate).rounded(.up)) : 0
        return String(
            format: "[%@] %d/%d clips, %.1f/s, %d:%02d left", bar, done, total, rate, left / 60, left % 60)
    }
}
