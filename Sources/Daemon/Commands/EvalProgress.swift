import Foundation

/// How far an evaluation is: a bar with rate and time left on a terminal, nothing elsewhere.
struct EvalProgress {
    private let total: Int
    /// Clips that were on file before.
    private let before: Int
    private let isShown: Bool
    private let start = ContinuousClock.now
    private var shownAt: ContinuousClock.Instant?

    init(total: Int, before: Int, isShown: Bool) {
        self.total = total
        self.before = before
        self.isShown = isShown
    }

    /// At most ten times a second.
    mutating func show(done: Int, unreadable: Int) {
        guard isShown else { return }
        let now = ContinuousClock.now
        if let shownAt, now - shownAt < .milliseconds(100), before + done < total { return }
        shownAt = now
        let line = Self.line(
            done: before + done, total: total, rate: Double(done) / max((now - start) / .seconds(1), 1e-3),
            unreadable: unreadable)
        StandardError.show(line)
    }

    func clear() {
        if isShown { StandardError.clearLine() }
    }

    /// - Parameter rate: clips per second.
    static func line(done: Int, total: Int, rate: Double, unreadable: Int) -> String {
        let width = 24
        let filled = total == 0 ? width : done * width / total
        let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: width - filled)
        let left = rate > 0 ? Self.time(Double(total - done) / rate) : "?"
        let bad = unreadable > 0 ? ", \(unreadable) unreadable" : ""
        return String(format: "[%@] %d/%d  %.1f clips/s  %@ left", bar, done, total, rate, left) + bad
    }

    static func time(_ seconds: Double) -> String {
        let whole = Int(min(seconds, 1e7).rounded(.up))
        let (hours, minutes) = (whole / 3600, whole / 60 % 60)
        return hours > 0
            ? String(format: "%d:%02d:%02d", hours, minutes, whole % 60)
            : String(format: "%d:%02d", minutes, whole % 60)
    }
}
