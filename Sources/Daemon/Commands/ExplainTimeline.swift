import Foundation

/// Scores over time, a line for each of the labels that ever score highest.
struct ExplainTimeline {
    private static let most = 6
    /// Told apart on light and dark ground.
    private static let colours = ["#3b82f6", "#ea580c", "#16a34a", "#a855f7", "#db2777", "#0d9488"]

    let windows: [Classification.Window]
    let labels: [String]

    var html: String {
        let (left, top, width, height) = (40.0, 8.0, 880.0, 200.0)
        let first = windows.map(\.centre).min() ?? 0
        let span = max((windows.map(\.centre).max() ?? 0) - first, .leastNormalMagnitude)
        func x(_ time: Double) -> Double { left + width * (time - first) / span }
        func y(_ score: Double) -> Double { top + height * (1 - score) }
        var parts: [String] = []
        for mark in stride(from: 0.0, through: 1, by: 0.25) {
            parts.append(
                "<path d=\"M\(String.pixels(left)) \(String.pixels(y(mark)))h\(String.pixels(width))\" stroke=\"var(--line)\"/>"
                    + "<text class=\"soft\" x=\"\(String.pixels(left - 6))\" y=\"\(String.pixels(y(mark) + 4))\" "
                    + "text-anchor=\"end\">\(mark)</text>")
        }
        for mark in 0...4 {
            let time = first + span * Double(mark) / 4
            parts.append(
                "<text class=\"soft\" x=\"\(String.pixels(x(time)))\" y=\"\(String.pixels(top + height + 16))\" "
                    + "text-anchor=\"middle\">\(String(format: "%.1f s", time))</text>")
        }
        let shown = shown
        for (label, colour) in zip(shown, Self.colours) {
            let points = windows.map { "\(String.pixels(x($0.centre))),\(String.pixels(y($0.scores[label] ?? 0)))" }
            parts.append(
                "<polyline points=\"\(points.joined(separator: " "))\" fill=\"none\" stroke=\"\(colour)\" "
                    + "stroke-width=\"2\" stroke-linejoin=\"round\"><title>\(label.inHTML)</title></polyline>")
        }
        let key = zip(shown, Self.colours).map { "<span style=\"color:\($1)\">■</span> \($0.inHTML)" }
        let box = "\(String.pixels(left + width + 30)) \(String.pixels(top + height + 24))"
        return "<figure><svg viewBox=\"0 0 \(box)\" role=\"img\" aria-label=\"Scores over time\">\n"
            + parts.joined(separator: "\n") + "\n</svg><figcaption>\(key.joined(separator: " &nbsp; "))<br>"
            + "Each window stands at its middle.</figcaption></figure>"
    }

    /// The labels that are on top most often, then those that come highest.
    private var shown: [String] {
        var wins: [String: Int] = [:]
        for window in windows { wins[window.top, default: 0] += 1 }
        func peak(_ label: String) -> Double { windows.map { $0.scores[label] ?? 0 }.max() ?? 0 }
        let ranked = labels.map { (label: $0, wins: wins[$0] ?? 0, peak: peak($0)) }
        return ranked.sorted { ($1.wins, $1.peak) < ($0.wins, $0.peak) }.prefix(Self.most).map(\.label)
    }
}
