import Pipeline

/// A reliability diagram: how many of the clips in each bin of confidence are right, above how many clips there are.
struct ReliabilityPicture {
    let calibration: Calibration

    var html: String {
        let (left, top, side, foot, gap) = (46.0, 10.0, 300.0, 60.0, 22.0)
        let width = left + side + 12
        let height = top + side + gap + foot + 36
        let bins = calibration.bins
        let most = Double(max(bins.map(\.clips).max() ?? 1, 1))
        let step = side / Double(bins.count)
        func y(_ share: Double) -> Double { top + side * (1 - share) }
        func rect(_ x: Double, _ y: Double, _ width: Double, _ height: Double, _ style: String, _ title: String)
            -> String
        {
            "<rect x=\"\(String.pixels(x))\" y=\"\(String.pixels(y))\" width=\"\(String.pixels(width))\" "
                + "height=\"\(String.pixels(max(height, 0)))\" \(style)><title>\(title.inHTML)</title></rect>"
        }
        var parts = [
            "<svg viewBox=\"0 0 \(String.pixels(width)) \(String.pixels(height))\" width=\"\(String.pixels(width))\" "
                + "role=\"img\" aria-label=\"Reliability diagram\">"
        ]
        for mark in stride(from: 0.0, through: 1, by: 0.25) {
            parts.append(
                "<path d=\"M\(String.pixels(left)) \(String.pixels(y(mark)))h\(String.pixels(side))\" "
                    + "stroke=\"var(--line)\"/><text class=\"soft\" x=\"\(String.pixels(left - 6))\" "
                    + "y=\"\(String.pixels(y(mark) + 4))\" text-anchor=\"end\">\(String.percent(mark, digits: 0))</text>"
                    + "<text class=\"soft\" x=\"\(String.pixels(left + mark * side))\" "
                    + "y=\"\(String.pixels(top + side + 15))\" text-anchor=\"middle\">"
                    + "\(mark == 0 || mark == 1 ? String.pixels(mark) : String(mark))</text>")
        }
        let floor = top + side + gap + foot
        for (index, bin) in bins.enumerated() where bin.clips > 0 {
            let x = left + Double(index) * step + 1
            let title =
                "scores \(String.percent(bin.low, digits: 0)) to \(String.percent(bin.high, digits: 0)): \(bin.clips) clips, "
                + "mean score \(String.percent(bin.confidence, digits: 1)), right \(String.percent(bin.accuracy, digits: 1))"
            parts.append(
                rect(
                    x, y(bin.accuracy), step - 2, side * bin.accuracy, "fill=\"var(--good)\" fill-opacity=\"0.6\"",
                    title))
            let (high, low) = (max(bin.accuracy, bin.confidence), min(bin.accuracy, bin.confidence))
            parts.append(
                rect(
                    x, y(high), step - 2, side * (high - low),
                    "fill=\"var(--bad)\" fill-opacity=\"0.25\" stroke=\"var(--bad)\" stroke-opacity=\"0.6\"", title))
            let bar = max(foot * Double(bin.clips) / most, 1)
            parts.append(
                rect(x, floor - bar, step - 2, bar, "fill=\"var(--soft)\" fill-opacity=\"0.6\"", "\(bin.clips) clips"))
        }
        parts.append(
            "<path d=\"M\(String.pixels(left)) \(String.pixels(y(0)))L\(String.pixels(left + side)) \(String.pixels(y(1)))\" "
                + "stroke=\"var(--ink)\" stroke-dasharray=\"4 4\" opacity=\"0.6\"/>")
        parts.append(
            "<path d=\"M\(String.pixels(left)) \(String.pixels(floor))h\(String.pixels(side))\" stroke=\"var(--line)\"/>"
                + "<text class=\"soft\" x=\"\(String.pixels(left - 6))\" y=\"\(String.pixels(floor - foot + 8))\" "
                + "text-anchor=\"end\">\(Int(most))</text>"
                + "<text class=\"soft\" x=\"\(String.pixels(left - 6))\" y=\"\(String.pixels(floor))\" "
                + "text-anchor=\"end\">0</text>"
                + "<text class=\"soft\" x=\"\(String.pixels(left + side / 2))\" y=\"\(String.pixels(floor + 22))\" "
                + "text-anchor=\"middle\">score of the top class</text>")
        return parts.joined(separator: "\n") + "\n</svg>"
    }
}
