import Foundation

/// Curves over epochs as a drawing.
struct CurveChart {
    struct Series {
        let name: String
        /// A colour of the page's style, such as `--good`.
        let colour: String
        /// Over many others, of which it is the mean.
        let isThin: Bool
        let points: [(x: Double, y: Double)]
    }

    let title: String
    let series: [Series]
    /// Epochs of the whole run.
    let width: Double
    let label: (Double) -> String
    /// Highest value of the axis, where it is known.
    var top: Double?

    private static let (left, right, upper, plotWidth, plotHeight) = (54.0, 14.0, 14.0, 420.0, 190.0)
    private static let mostPoints = 600

    var html: String {
        let all = series.flatMap { Self.thinned($0.points) }.map(\.y).filter(\.isFinite)
        let (low, high, step) = Self.scale(low: min(all.min() ?? 0, 0), high: top ?? all.max() ?? 1)
        let full = (
            Self.left + Self.plotWidth + Self.right, Self.upper + Self.plotHeight + 34
        )
        func x(_ value: Double) -> Double { Self.left + Self.plotWidth * value / max(width, 1e-9) }
        func y(_ value: Double) -> Double {
            Self.upper + Self.plotHeight * (1 - (min(max(value, low), high) - low) / (high - low))
        }
        var parts = [
            "<svg viewBox=\"0 0 \(String.pixels(full.0)) \(String.pixels(full.1))\" width=\"\(String.pixels(full.0))\" "
                + "role=\"img\" aria-label=\"\(title.inHTML)\">"
        ]
        for mark in stride(from: low, through: high + step / 2, by: step) {
            parts.append(
                "<path d=\"M\(String.pixels(Self.left)) \(String.pixels(y(mark)))h\(String.pixels(Self.plotWidth))\" "
                    + "stroke=\"var(--line)\"/><text class=\"soft\" x=\"\(String.pixels(Self.left - 7))\" "
                    + "y=\"\(String.pixels(y(mark) + 4))\" text-anchor=\"end\">\(label(mark).inHTML)</text>")
        }
        let (_, end, stepX) = Self.scale(low: 0, high: width)
        for mark in stride(from: 0, through: end, by: max(stepX, 1)) where mark <= width + 1e-9 {
            parts.append(
                "<text class=\"soft\" x=\"\(String.pixels(x(mark)))\" "
                    + "y=\"\(String.pixels(Self.upper + Self.plotHeight + 16))\" text-anchor=\"middle\">\(Int(mark))</text>"
            )
        }
        parts.append(
            "<text class=\"soft\" x=\"\(String.pixels(Self.left + Self.plotWidth))\" "
                + "y=\"\(String.pixels(full.1 - 4))\" text-anchor=\"end\">epochs</text>")
        for one in series {
            let points = Self.thinned(one.points).filter(\.y.isFinite).map { (x($0.x), y($0.y)) }
            guard let last = points.last else { continue }
            let line = points.map { "\(String.pixels($0.0)),\(String.pixels($0.1))" }.joined(separator: " ")
            parts.append(
                "<polyline points=\"\(line)\" fill=\"none\" stroke=\"var(\(one.colour))\" "
                    + "stroke-width=\"\(one.isThin ? "1" : "2")\" stroke-opacity=\"\(one.isThin ? "0.45" : "1")\"/>")
            if !one.isThin {
                parts.append(
                    "<circle cx=\"\(String.pixels(last.0))\" cy=\"\(String.pixels(last.1))\" r=\"3\" "
                        + "fill=\"var(\(one.colour))\"/>")
            }
        }
        let legend = series.filter { !$0.points.isEmpty }.map {
            "<span style=\"white-space:nowrap\"><span style=\"color:var(\($0.colour))\">"
                + "\($0.isThin ? "┄" : "━")</span> \($0.name.inHTML)</span>"
        }
        return
            // A long legend is broken rather than let push the chart into a row of its own.
            "<figure style=\"max-width:\(String.pixels(full.0))px\">"
            + "<figcaption><b>\(title.inHTML)</b> &nbsp; \(legend.joined(separator: " &nbsp; "))</figcaption>\n"
            + parts.joined(separator: "\n") + "\n</svg></figure>"
    }

    /// At most so many points, each the mean of its neighbours.
    private static func thinned(_ points: [(x: Double, y: Double)]) -> [(x: Double, y: Double)] {
        guard points.count > mostPoints else { return points }
        let size = (points.count + mostPoints - 1) / mostPoints
        return stride(from: 0, to: points.count, by: size).map { first in
            let some = points[first..<min(first + size, points.count)]
            let count = Double(some.count)
            return (some.reduce(0) { $0 + $1.x } / count, some.reduce(0) { $0 + $1.y } / count)
        }
    }

    /// Round ends of an axis and the distance of its marks, 1, 2 or 5 times a power of ten, of which there are up to seven.
    static func scale(low: Double, high: Double) -> (low: Double, high: Double, step: Double) {
        guard high > low else { return (low, low + 1, 0.5) }
        let rough = (high - low) / 5
        let power = pow(10, log10(rough).rounded(.down))
        let step = power * ([1, 2, 5].first { rough <= $0 * power * (1 + 1e-9) } ?? 10)
        let first = (low / step).rounded(.down) * step
        let last = (high / step - 1e-9).rounded(.up) * step
        return (first, last, step)
    }
}
