import Foundation

/// How many classes have their texts: a bar with rate and time left on a terminal, nothing elsewhere.
struct PromptProgress {
    private let total: Int
    private let start = ContinuousClock.now
    private let isShown = StandardError.isTerminal

    /// - Parameter total: classes to be asked about, each family's counted.
    init(total: Int) {
        self.total = total
    }

    func show(done: Int) {
        guard isShown else { return }
        let line = Self.line(done: done, total: total, elapsed: ContinuousClock.now - start)
        StandardError.show(line)
    }

    func clear() {
        if isShown { StandardError.clearLine() }
    }

    static func line(done: Int, total: Int, elapsed: Duration) -> String {
        let width = 24
        let filled = total == 0 ? width : done * width / total
        let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: width - filled)
        let perMinute = Double(done) * 60 / max(elapsed / .seconds(1), 1e-3)
        let left = done == 0 ? "?" : time(Double(total - done) / perMinute * 60)
        return String(format: "[%@] %d/%d classes  %.0f/min  %@ left", bar, done, total, perMinute, left)
    }

    private static func time(_ seconds: Double) -> String {
        let whole = Int(min(seconds, 1e7).rounded(.up))
        let (hours, minutes) = (whole / 3600, whole / 60 % 60)
        return hours > 0
            ? String(format: "%d:%02d:%02d", hours, minutes, whole % 60)
            : String(format: "%d:%02d", minutes, whole % 60)
    }
}
