import Foundation
import Pipeline

extension EvaluationReport {
    private static let pairsShown = 20
    private static let failuresShown = 100

    private var metrics: EvaluationMetrics { document.metrics }
    private var record: EvaluationRecord { document.record }
    private var labels: [String] { document.labels }

    var page: HTMLPage {
        let title = "\(record.model) on \(record.list)"
        return HTMLPage(
            title: title,
            body: [
                "<h1>\(title.inHTML)</h1>", subtitle, cards, failureNotice,
                "<h2>Classes</h2>", classTable,
                "<h2>Confusion matrix</h2>", confusion,
                "<h2>Most confused</h2>", pairs,
                "<h2>Calibration</h2>", calibration,
                "<h2>Worst mistakes</h2>", MistakeStrips(report: self).html,
                failures,
                "<h2>To repeat this</h2>", RecordTable(record: record, command: document.command).html(metrics),
            ])
    }

    private var subtitle: String {
        let classes = labels.count
        return "<p class=\"soft\">\(metrics.clips) clips, \(classes) classes, views \(record.views.inHTML), "
            + "\(record.frames) frames, \(record.mask.inHTML), \(record.precision.inHTML)</p>"
    }

    private var cards: String {
        func card(_ name: String, _ value: String, _ note: String) -> String {
            "<div class=\"card\"><span>\(name.inHTML)</span><b>\(value.inHTML)</b><span>\(note.inHTML)</span></div>"
        }
        func card(_ name: String, _ figure: EvaluationMetrics.Figure) -> String {
            let (low, high) = (String.percent(figure.interval.low), String.percent(figure.interval.high))
            return card(name, String.percent(figure.value), "\(low) to \(high)")
        }
        var cards = [
            card("Top-1", metrics.top1), card("Top-5", metrics.top5),
            card("Mean class accuracy", metrics.meanClassAccuracy),
        ]
        if let precision = metrics.meanAveragePrecision {
            cards.append(card("Mean average precision", String.percent(precision), "over classes with clips"))
        }
        if let calibration = metrics.calibration {
            cards.append(
                card("Calibration error", String.percent(calibration.error), "ECE, \(calibration.bins.count) bins"))
        }
        if record.seconds > 0 {
            cards.append(
                card(
                    "Throughput", String(format: "%.1f", Double(metrics.clips) / record.seconds) + " /s",
                    "clips, in \(Self.clock(record.seconds))"))
        }
        return "<div class=\"cards\">\n\(cards.joined(separator: "\n"))\n</div>\n"
            + "<p class=\"soft\">Ranges hold with 95 % confidence (percentile bootstrap over clips, "
            + "\(metrics.bootstrap.resamples) resamples). Every clip of the list counts; one that could not be read "
            + "counts as wrong.\(labels.count <= 5 ? " With \(labels.count) classes, top-5 says nothing." : "")</p>"
    }

    private static func clock(_ seconds: Double) -> String {
        let whole = Int(seconds.rounded())
        if seconds < 60 { return String(format: "%.1f s", seconds) }
        return whole < 3600
            ? String(format: "%d min %02d s", whole / 60, whole % 60)
            : String(format: "%d h %02d min", whole / 3600, whole / 60 % 60)
    }

    private var failureNotice: String {
        let failed = metrics.clips - metrics.scored
        guard failed > 0 else { return "" }
        let kinds = metrics.failures.sorted { $0.key < $1.key }
            .map { "\($0.value) \($0.key.replacing("_", with: " "))" }
        return "<p class=\"bad\">\(failed) of \(metrics.clips) clips have no scores: "
            + "\(kinds.joined(separator: ", ").inHTML).</p>"
    }

    private var classTable: String {
        let hasPrecision = metrics.meanAveragePrecision != nil
        let hasFailures = metrics.scored < metrics.clips
        var heads = [("id", true), ("class", false), ("clips", true), ("top-1", true), ("top-5", true)]
        if hasPrecision { heads.append(("average precision", true)) }
        if hasFailures { heads.append(("without scores", true)) }
        heads.append(("most often taken for", false))
        var taken: [Int: ConfusionMatrix.Cell] = [:]
        for cell in metrics.confusion.cells where cell.actual != cell.predicted {
            if cell.clips > taken[cell.actual]?.clips ?? 0 { taken[cell.actual] = cell }
        }
        let order = metrics.classes.sorted { ($0.top1 ?? 2, $0.id) < ($1.top1 ?? 2, $1.id) }
        let rows = order.map { row in
            var cells = [
                HTMLPage.cell("\(row.id)", value: Double(row.id)), "<td>\(row.label.inHTML)</td>",
                HTMLPage.cell("\(row.clips)", value: Double(row.clips)), HTMLPage.bar(row.top1), HTMLPage.bar(row.top5),
            ]
            if hasPrecision { cells.append(HTMLPage.bar(row.averagePrecision)) }
            if hasFailures { cells.append(HTMLPage.cell("\(row.unscored)", value: Double(row.unscored))) }
            let other = taken[row.id].map { "\(labels[$0.predicted]) (\($0.clips))" }
            cells.append("<td class=\"soft\">\((other ?? "").inHTML)</td>")
            return "<tr>\(cells.joined())</tr>"
        }
        return HTMLPage.table(heads.map { (text: $0.0, isNumber: $0.1) }, rows: rows, isLong: rows.count > 24)
    }

    private var confusion: String {
        let note =
            labels.count <= ConfusionPicture.mostDrawn
            ? "" : " A pixel for each pair of classes, by their ids from the top left."
        return "<figure>\(ConfusionPicture(labels: labels, matrix: metrics.confusion).html)"
            + "<figcaption>Rows: what the clip shows. Columns: what it was taken for. The fuller the colour, the larger the "
            + "share of the row.\(note)</figcaption></figure>"
    }

    private var pairs: String {
        let totals = metrics.confusion.rowTotals
        let rows = metrics.confusion.mostConfused(Self.pairsShown).map { cell in
            "<tr><td>\(labels[cell.actual].inHTML)</td><td>\(labels[cell.predicted].inHTML)</td>"
                + HTMLPage.cell("\(cell.clips)", value: Double(cell.clips))
                + HTMLPage.bar(Double(cell.clips) / Double(max(totals[cell.actual], 1))) + "</tr>"
        }
        guard !rows.isEmpty else { return "<p>None.</p>" }
        return HTMLPage.table(
            [("is", false), ("taken for", false), ("clips", true), ("of its class", true)], rows: rows)
    }

    private var calibration: String {
        guard let it = metrics.calibration else { return "<p>No clip has scores.</p>" }
        let isAtEnd =
            it.temperature <= Calibration.temperatures.lowerBound
            || it.temperature >= Calibration.temperatures.upperBound
        func row(_ name: String, _ value: String, _ atTemperature: String) -> String {
            "<tr><td>\(name)</td><td class=\"n\">\(value)</td><td class=\"n\">\(atTemperature)</td></tr>"
        }
        let table = """
            <table><thead><tr><th></th><th class="n">as scored</th><th class="n">at t = \
            \(String(format: "%.3f", it.temperature))</th></tr></thead><tbody>
            \(row("expected calibration error", String.percent(it.error), String.percent(it.errorAtTemperature)))
            \(row("log loss (nats)", String(format: "%.4f", it.logLoss), String(format: "%.4f", it.logLossAtTemperature)))
            </tbody></table>
            """
        return """
            <div class="side"><figure>\(ReliabilityPicture(calibration: it).html)
            <figcaption>Blue: share of right clips in each bin of scores. Orange: its distance from the mean score. Below: \
            clips in the bin.</figcaption></figure>
            <div>\(table)
            <p>\(it.clips) clips with scores. The temperature t minimises the log loss of softmax(log p / t)\
            \(isAtEnd ? "; the best lies beyond the range that is tried" : "").</p>
            <p class="soft">Its limits: p is a mean of softmaxes over prompts and views, so t is no factor of the model's \
            logit scale; and it is fitted to the clips it is judged on, so the right column is the best case.</p></div></div>
            """
    }

    private var failures: String {
        let failed = document.clips.filter { $0.place == nil }
        guard !failed.isEmpty else { return "" }
        let rows = failed.prefix(Self.failuresShown).map { clip in
            "<tr><td>\(clip.name.inHTML)</td><td>\((clip.failure?.kind.rawValue ?? "no_scores").inHTML)</td>"
                + "<td>\((clip.failure?.reason ?? "the model gave no finite scores").inHTML)</td></tr>"
        }
        let more = failed.count - rows.count
        return "<h2>Clips without scores</h2>"
            + HTMLPage.table(
                [("clip", false), ("kind", false), ("reason", false)], rows: Array(rows), isLong: rows.count > 24)
            + (more > 0 ? "<p class=\"soft\">\(more) more stand in \(Self.jsonName).</p>" : "")
    }
}
