import Foundation
import Pipeline

extension EvaluationComparison {
    static let jsonName = "comparison.json"
    static let htmlName = "comparison.html"
    private static let changesInText = 20

    /// Sorted keys, on one line.
    var json: String {
        get throws { String(decoding: try EvaluationReport.encoder.encode(self), as: UTF8.self) }
    }

    /// Writes `comparison.json` and `comparison.html`, over older ones.
    ///
    /// - Parameter directory: made where it is missing.
    /// - Throws: `CommandFailure` or `RecognizerError` if the files cannot be written.
    func write(to directory: String) throws {
        try OutputFolder.write([(Self.jsonName, try json), (Self.htmlName, html)], to: directory)
    }

    private var figures: [(name: String, row: Row)] {
        [("top-1", top1), ("top-5", top5), ("mean class accuracy", meanClassAccuracy)]
    }

    /// What else differs between the runs, as a name and both values.
    private var differences: [(name: String, a: String, b: String)] {
        zip(RecordTable.rows(recordA), RecordTable.rows(recordB)).compactMap { one, other in
            one.values == other.values
                ? nil : (one.name, one.values.joined(separator: ", "), other.values.joined(separator: ", "))
        }
    }

    /// How many clips are compared, and which are not.
    private var scope: String {
        var parts = ["\(clips) clips compared"]
        if onlyInA > 0 { parts.append("\(onlyInA) only in A") }
        if onlyInB > 0 { parts.append("\(onlyInB) only in B") }
        if relabelled > 0 { parts.append("\(relabelled) with another class in B") }
        return parts.joined(separator: ", ")
    }

    private static func signed(_ share: Double) -> String { String(format: "%+.2f", share * 100) }

    private static func probability(_ test: McNemar?) -> String {
        guard let test else { return "" }
        return test.pValue < 0.0001 ? "< 0.0001" : String(format: "%.4f", test.pValue)
    }

    private static func method(_ test: McNemar) -> String {
        test.method == .exact ? "exact" : "chi-square with continuity correction"
    }

    // MARK: Text

    var text: String {
        var rows = [["", "A", "B", "B - A, points", "95 % of B - A", "p"]]
        rows += figures.map { name, row in
            [
                name, String.percent(row.a), String.percent(row.b), Self.signed(row.difference),
                "\(Self.signed(row.interval.low)) to \(Self.signed(row.interval.high))", Self.probability(row.test),
            ]
        }
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        let table = rows.map { row in
            zip(row, widths).enumerated().map { column, cell in
                let space = String(repeating: " ", count: cell.1 - cell.0.count)
                return column == 0 ? cell.0 + space : space + cell.0
            }.joined(separator: "  ").replacing(/\s+$/, with: "")
        }
        var lines = [
            "A  \(recordA.model.oneLine)  \(recordA.list.oneLine)",
            "B  \(recordB.model.oneLine)  \(recordB.list.oneLine)",
        ]
        lines += [scope, ""] + table
        if let test = top1.test {
            lines += [
                "",
                "top-1: \(test.onlyA) clips right in A only, \(test.onlyB) in B only; McNemar's test, \(Self.method(test))",
            ]
        }
        if !differences.isEmpty {
            lines += ["", "The runs differ in:"]
            lines += differences.map { "  \($0.name): \($0.a.oneLine) | \($0.b.oneLine)" }
        }
        if !changes.isEmpty {
            lines += ["", "Clips that changed:"]
            lines += changes.prefix(Self.changesInText).map { change in
                "  \(change.isRightInB ? "+" : "-") \(change.name.oneLine)  \(change.classes.joined(separator: ", ").oneLine): "
                    + "\((change.a ?? "no scores").oneLine) -> \((change.b ?? "no scores").oneLine)"
            }
            if changes.count > Self.changesInText { lines.append("  and \(changes.count - Self.changesInText) more") }
        }
        return lines.joined(separator: "\n")
    }

    // MARK: HTML

    /// A whole page.
    var html: String {
        let title = "\(recordA.model) and \(recordB.model)"
        return HTMLPage(
            title: title,
            body: [
                "<h1>\(title.inHTML)</h1>",
                "<p class=\"soft\">A: \(recordA.list.inHTML). B: \(recordB.list.inHTML). \(scope.inHTML).</p>",
                "<h2>Figures</h2>", figureTable, "<h2>What differs between the runs</h2>", recordTable,
                "<h2>Clips that changed</h2>", changeTable,
            ]
        ).text
    }

    private var figureTable: String {
        let rows = figures.map { name, row in
            "<tr><td>\(name.inHTML)</td>"
                + [
                    String.percent(row.a), String.percent(row.b), Self.signed(row.difference),
                    "\(Self.signed(row.interval.low)) to \(Self.signed(row.interval.high))", Self.probability(row.test),
                    row.test.map { "\($0.onlyA)" } ?? "", row.test.map { "\($0.onlyB)" } ?? "",
                ].map { "<td class=\"n\">\($0.inHTML)</td>" }.joined() + "</tr>"
        }
        let heads = [
            "", "A", "B", "B − A, points", "95 % of B − A", "p", "right in A only", "right in B only",
        ]
        let note = top1.test.map { "p is McNemar's, for top-1 \(Self.method($0)); " } ?? ""
        return HTMLPage.table(heads.map { ($0, !$0.isEmpty) }, rows: rows)
            + "<p class=\"soft\">\(note)the range is the paired percentile bootstrap's, \(bootstrap.resamples) resamples.</p>"
    }

    private var recordTable: String {
        guard !differences.isEmpty else { return "<p>Nothing that the reports record.</p>" }
        let rows = differences.map {
            "<tr><th>\($0.name.inHTML)</th><td><code>\($0.a.inHTML)</code></td><td><code>\($0.b.inHTML)</code></td></tr>"
        }
        return
            "<div class=\"wide\"><table class=\"record\"><thead><tr><th></th><th>A</th><th>B</th></tr></thead><tbody>"
            + rows.joined(separator: "\n") + "</tbody></table></div>"
    }

    private var changeTable: String {
        guard !changes.isEmpty else { return "<p>None.</p>" }
        let rows = changes.map { change in
            let (a, b) = (change.a ?? "no scores", change.b ?? "no scores")
            return "<tr><td>\(change.name.inHTML)</td><td>\(change.classes.joined(separator: ", ").inHTML)</td>"
                + "<td\(change.isRightInB ? " class=\"bad\"" : "")>\(a.inHTML)</td>"
                + "<td\(change.isRightInB ? "" : " class=\"bad\"")>\(b.inHTML)</td></tr>"
        }
        return HTMLPage.table(
            [("clip", false), ("shows", false), ("A", false), ("B", false)], rows: rows, isLong: rows.count > 24)
    }
}
