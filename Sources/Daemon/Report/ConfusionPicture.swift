import Pipeline
import Recognizer

/// A confusion matrix to look at: right clips blue, wrong ones orange, each row by its share of the class's clips.
struct ConfusionPicture {
    /// Up to so many classes every cell is drawn by itself, with labels; above, a pixel for each.
    static let mostDrawn = 60

    let labels: [String]
    let matrix: ConfusionMatrix

    var html: String { labels.count <= Self.mostDrawn ? drawing : pixels }

    /// What a class's cell is painted with: the least is still visible.
    private static func opacity(_ share: Double) -> Double { 0.12 + 0.88 * share }

    private var drawing: String {
        let count = labels.count
        let cell = count <= 16 ? 32.0 : count <= 30 ? 22 : 15
        let longest = labels.map { min($0.count, 26) }.max() ?? 0
        let margin = Double(longest) * 6.4 + 10
        let top = Double(longest) * 4.6 + 16
        let side = Double(count) * cell
        let width = margin + side + Double(longest) * 4
        let totals = matrix.rowTotals
        var parts = [
            "<svg viewBox=\"0 0 \(String.pixels(width)) \(String.pixels(top + side + 4))\" "
                + "width=\"\(String.pixels(width))\" role=\"img\" aria-label=\"Confusion matrix\">"
        ]
        for (index, label) in labels.enumerated() {
            let middle = (Double(index) + 0.5) * cell
            let text = label.shortened(to: 26).inHTML
            parts.append(
                "<text x=\"\(String.pixels(margin - 6))\" y=\"\(String.pixels(top + middle + 4))\" "
                    + "text-anchor=\"end\">\(text)</text>")
            parts.append(
                "<text transform=\"translate(\(String.pixels(margin + middle + 3)) \(String.pixels(top - 6))) rotate(-50)\""
                    + ">\(text)</text>")
        }
        for found in matrix.cells {
            let share = Double(found.clips) / Double(max(totals[found.actual], 1))
            let x = String.pixels(margin + Double(found.predicted) * cell)
            let y = String.pixels(top + Double(found.actual) * cell)
            let colour = found.actual == found.predicted ? "--good" : "--bad"
            let title =
                "\(labels[found.actual]) taken for \(labels[found.predicted]): \(found.clips) of \(totals[found.actual])"
            parts.append(
                "<rect x=\"\(x)\" y=\"\(y)\" width=\"\(String.pixels(cell))\" height=\"\(String.pixels(cell))\" "
                    + "fill=\"var(\(colour))\" fill-opacity=\"\(String.pixels(Self.opacity(share) * 100))%\">"
                    + "<title>\(title.inHTML)</title></rect>")
            if cell >= 20, found.clips < 10_000 {
                let tone = share > 0.55 ? " style=\"fill:var(--paper)\"" : ""
                parts.append(
                    "<text x=\"\(String.pixels(margin + (Double(found.predicted) + 0.5) * cell))\" "
                        + "y=\"\(String.pixels(top + (Double(found.actual) + 0.5) * cell + 4))\" text-anchor=\"middle\" "
                        + "pointer-events=\"none\"\(tone)>\(found.clips)</text>")
            }
        }
        for line in 0...count {
            let at = Double(line) * cell
            parts.append(
                "<path d=\"M\(String.pixels(margin)) \(String.pixels(top + at))h\(String.pixels(side))"
                    + "M\(String.pixels(margin + at)) \(String.pixels(top))v\(String.pixels(side))\" "
                    + "stroke=\"var(--line)\" stroke-width=\"\(line == 0 || line == count ? 1 : 0.5)\" fill=\"none\"/>")
        }
        return parts.joined(separator: "\n") + "\n</svg>"
    }

    private var pixels: String {
        let count = labels.count
        let totals = matrix.rowTotals
        var values = [UInt8](repeating: 0, count: count * count * 4)
        for found in matrix.cells {
            let share = Double(found.clips) / Double(max(totals[found.actual], 1))
            let isRight = found.actual == found.predicted
            let colour: [UInt8] = isRight ? [0x3B, 0x7D, 0xE8] : [0xE0, 0x5A, 0x1C]
            let opacity = isRight ? Self.opacity(share) : max(Self.opacity(share), 0.45)
            values.replaceSubrange(
                (found.actual * count + found.predicted) * 4..<(found.actual * count + found.predicted) * 4 + 4,
                with: colour + [UInt8(opacity * 255)])
        }
        let image = PNGImage(width: count, height: count, colour: .rgba, pixels: values)
        let scale = max(1, 900 / count)
        return "<img class=\"matrix\" width=\"\(count * scale)\" alt=\"Confusion matrix\" src=\"\(image.dataURI)\">"
    }
}
