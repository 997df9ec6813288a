import Foundation
import Pipeline

/// Everything that decides an evaluation's numbers.
struct RecordTable {
    let record: EvaluationRecord
    let command: [String]

    /// Names and values, in order.
    static func rows(_ record: EvaluationRecord) -> [(name: String, values: [String])] {
        [
            ("claverd", [record.version]), ("model", [record.model]), ("weights, SHA-256", [record.weightsDigest]),
            ("precision", [record.precision]), ("data", [record.data]), ("list", [record.list]),
            ("list, SHA-256", [record.listDigest]), ("frames of a view", ["\(record.frames)"]), ("mask", [record.mask]),
            ("sampling", [record.sampling]), ("views, time x space", [record.views]),
            ("seed of views", [record.seed.map { "\($0)" } ?? "none: equidistant"]), ("templates", record.templates),
            ("prompt files", record.promptFiles), ("prompts, SHA-256", [record.promptsDigest]),
        ]
    }

    func html(_ metrics: EvaluationMetrics) -> String {
        var rows: [(name: String, values: [String])] = [
            ("command", [command.map(\.inShell).joined(separator: " ")])
        ]
        rows += Self.rows(record)
        rows.append(
            ("bootstrap", ["\(metrics.bootstrap.resamples) resamples, seed \(metrics.bootstrap.seed)"]))
        rows.append(("seconds", [String(format: "%.2f", record.seconds)]))
        let lines = rows.map { row in
            let values =
                row.values.isEmpty ? "none" : row.values.map { "<code>\($0.inHTML)</code>" }.joined(separator: "<br>")
            return "<tr><th>\(row.name.inHTML)</th><td>\(values)</td></tr>"
        }
        return "<table class=\"record\"><tbody>\n\(lines.joined(separator: "\n"))\n</tbody></table>"
    }
}
