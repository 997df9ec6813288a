import Foundation
import Synchronization

/// How far a file has been read, on one line of a terminal; silent elsewhere.
final class ProgressLine: Sendable {
    private let file: String
    private let isTerminal = StandardError.isTerminal
    private let shownAt = Mutex<ContinuousClock.Instant?>(nil)

    init(file: String) {
        self.file = URL(filePath: file).lastPathComponent
    }

    /// At most ten times a second.
    func show(seconds: Double) {
        if isDue() { StandardError.show(String(format: "%@: %.0f s", file, seconds)) }
    }

    private func isDue() -> Bool {
        guard isTerminal else { return false }
        return shownAt.withLock { last in
            if let last, ContinuousClock.now - last < .milliseconds(100) { return false }
            last = .now
            return true
        }
    }

    /// A line of words, at most ten times a second.
    func show(_ text: String) {
        if isDue() { StandardError.show("\(file): \(text)") }
    }

    func clear() {
        if isTerminal { StandardError.clearLine() }
    }
}
