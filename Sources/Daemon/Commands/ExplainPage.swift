import Foundation
import Pipeline
import Recognizer

/// A page that shows what `classify` saw: the scores of every window, and for some of them where the class tokens look.
struct ExplainPage {
    /// One window laid open.
    struct Window {
        let title: String
        /// (C)
        let scores: [Double]
        /// (T, N, 3*P*P)
        let patches: [Float]
        let attention: WindowAttention
    }

    private static let scoresShown = 5

    let model: Model
    let labels: [String]
    let file: String
    /// All windows; none where the file is one clip.
    let windows: [Classification.Window]
    let shown: [Window]

    var text: String {
        let name = URL(filePath: file).lastPathComponent
        var body = ["<h1>\(name.inHTML)</h1>", "<p class=\"soft\">\(model.identity.inHTML), \(scope.inHTML)</p>"]
        if windows.count > 1 { body += ["<h2>Scores</h2>", ExplainTimeline(windows: windows, labels: labels).html] }
        body.append(Self.legend)
        body += shown.map(section)
        if !windows.isEmpty { body.append(table) }
        return HTMLPage(title: name, body: body).text
    }

    private var scope: String {
        let geometry = model.geometry
        let window =
            "\(geometry.frames) frames of \(geometry.imageSize)x\(geometry.imageSize), \(geometry.mask.rawValue)"
        return windows.isEmpty
            ? "one clip: \(window)" : "\(windows.count) windows of \(window); \(shown.count) shown below"
    }

    private static let legend = """
        <p class="soft">Below, each window's frames as the model sees them; then how much the class tokens of the other frames \
        look at each place of a frame in the last temporal block, mean over heads; then what of a frame reaches its own class \
        token through the spatial blocks (attention rollout). Bright is much, on one scale for each row of pictures. Attention \
        shows where a model looks, not why it decides.</p>
        """

    private func section(_ window: Window) -> String {
        let geometry = model.geometry
        let perFrame = geometry.patches * geometry.patchValues
        let heat = ExplainHeatMap(model: model)
        let frames = (0..<geometry.frames).map { heat.picture(window.patches[$0 * perFrame..<($0 + 1) * perFrame]) }
        let temporal = heat.painted(frames, (0..<geometry.frames).map { window.attention.temporalMap(frame: $0) })
        let spatial = heat.painted(frames, (0..<geometry.frames).map { window.attention.spatialMap(frame: $0) })
        let strips = [("Frames", frames), ("Temporal attention, last block", temporal), ("Spatial rollout", spatial)]
            .map {
                name, pictures in
                let strip =
                    PictureStrip(side: heat.side, pictures: pictures)?.html(describedBy: "\(name), \(window.title)")
                    ?? ""
                return "<figure><figcaption>\(name)</figcaption>\(strip)</figure>"
            }
        let order = labels.indices.sorted { window.scores[$0] > window.scores[$1] }.prefix(Self.scoresShown)
        let rows = order.map { "<tr><td>\(labels[$0].inHTML)</td>\(HTMLPage.bar(window.scores[$0]))</tr>" }
        return """
            <h2>\(window.title.inHTML)</h2>
            <div class="side"><table><tbody>
            \(rows.joined(separator: "\n"))
            </tbody></table>
            \(weights(window.attention.frameWeights()))</div>
            \(strips.joined(separator: "\n"))
            """
    }

    /// How much each frame's class token (row) looks at each frame (column).
    private func weights(_ rows: [[Float]]) -> String {
        let count = rows.count
        let cell = count <= 8 ? 16.0 : count <= 16 ? 10 : 6
        let most = Double(max(rows.joined().max() ?? 0, .leastNormalMagnitude))
        var parts: [String] = []
        for (y, row) in rows.enumerated() {
            for (x, weight) in row.enumerated() {
                let title = "frame \(y + 1) looks at frame \(x + 1): \(String.percent(Double(weight), digits: 1))"
                parts.append(
                    "<rect x=\"\(String.pixels(Double(x) * cell + 1))\" y=\"\(String.pixels(Double(y) * cell + 1))\" "
                        + "width=\"\(String.pixels(cell - 1))\" height=\"\(String.pixels(cell - 1))\" fill=\"var(--good)\" "
                        + "fill-opacity=\"\(String.pixels(8 + 92 * Double(weight) / most))%\"><title>\(title)</title></rect>"
                )
            }
        }
        let side = String.pixels(Double(count) * cell + 2)
        return "<figure style=\"margin:0\"><svg viewBox=\"0 0 \(side) \(side)\" width=\"\(side)\" role=\"img\" "
            + "aria-label=\"Attention from frame to frame\">\(parts.joined())</svg>"
            + "<figcaption>Which frame (row) looks at which (column)</figcaption></figure>"
    }

    private var table: String {
        let rows = windows.map { window in
            let best = window.scores.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(3)
            return "<tr>" + HTMLPage.cell(String(format: "%.2f", window.start), value: window.start)
                + HTMLPage.cell(String(format: "%.2f", window.end), value: window.end)
                + best.map {
                    "<td>\($0.key.inHTML) <span class=\"soft\">\(String(format: "%.3f", $0.value))</span></td>"
                }
                .joined() + "</tr>"
        }
        let heads = [("from, s", true), ("to, s", true), ("first", false), ("second", false), ("third", false)]
        return "<h2>Every window</h2>"
            + HTMLPage.table(heads.map { (text: $0.0, isNumber: $0.1) }, rows: rows, isLong: rows.count > 24)
    }
}
