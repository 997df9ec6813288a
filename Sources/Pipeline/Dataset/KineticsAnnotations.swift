/// Kinetics-400, -600 and -700: `label,youtube_id,time_start,time_end,split` as CSV.
package enum KineticsAnnotations {
    /// Clips are called `ID_000010_000020.mp4`: first and last second, padded to six digits. Of rows that are alike the first
    /// counts.
    ///
    /// - Parameter labels: a `labels.csv` whose ids are to be used; nil: the labels of all lists in alphabetical order.
    /// - Throws: `DatasetError`.
    package static func read(
        lists: [String], labels: [String]?, names: AnnotationNames
    ) throws(DatasetError) -> AnnotatedDataset {
        var tables: [(path: String, rows: [Row])] = []
        for list in lists { tables.append((list, try rows(list))) }
        let labels = labels ?? Set(tables.flatMap { $0.rows.map(\.label) }).sorted()
        let ids = try ActionAnnotations.distinct(labels, path: lists.first ?? "")
        var result = AnnotatedDataset(labels: labels, lists: [])
        for (path, rows) in tables {
            var entries: [ClipEntry] = []
            var known: [String: Row] = [:]
            for row in rows {
                // A row may stand twice in an official list; a clip with two labels is another matter.
                if let other = known.updateValue(row, forKey: row.file) {
                    guard other.label == row.label else {
                        throw .malformed(
                            path: path, line: row.line,
                            reason: "\(row.file.escapedForLog) stands on line \(other.line) too, with another label")
                    }
                    continue
                }
                guard let id = ids[row.label] else {
                    throw .malformed(
                        path: path, line: row.line,
                        reason: "label \"\(row.label.escapedForLog)\" is not among the labels given")
                }
                do {
                    let name = try names.name(folder: row.label, file: row.file, officially: .flat)
                    entries.append(ClipEntry(name: name, classes: [id]))
                } catch {
                    throw .malformed(path: path, line: row.line, reason: error.reason)
                }
            }
            result.lists.append(AnnotatedDataset.List(name: ActionAnnotations.stem(path), entries: entries))
        }
        return result
    }

    private struct Row {
        let label: String
        let file: String
        let line: Int
    }

    private static let columns = ["label", "youtube_id", "time_start", "time_end"]

    private static func rows(_ path: String) throws(DatasetError) -> [Row] {
        var places: [Int]?
        var rows: [Row] = []
        try TextLines.readText(path) { (number, line) throws(DatasetError) in
            func fault(_ reason: String) -> DatasetError { .malformed(path: path, line: number, reason: reason) }
            let fields = try DelimitedText.fields(line, separator: ",", path: path, number: number)
            guard let known = places else {
                let found = columns.compactMap { fields.firstIndex(of: $0) }
                guard found.count == columns.count else {
                    throw fault(
                        "the header lacks columns; needed are \(columns.joined(separator: ", ")) (test lists without labels cannot be used)"
                    )
                }
                places = found
                return
            }
            guard known.allSatisfy({ $0 < fields.count }) else { throw fault("fewer fields than the header") }
            let row = known.map { fields[$0] }
            guard let start = seconds(row[2]), let end = seconds(row[3]) else {
                throw fault("times \"\(row[2].escapedForLog)\" and \"\(row[3].escapedForLog)\" are no whole seconds")
            }
            guard !row[0].isEmpty, !row[1].isEmpty else { throw fault("an empty label or id") }
            rows.append(Row(label: row[0], file: "\(row[1])_\(padded(start))_\(padded(end)).mp4", line: number))
        }
        guard !rows.isEmpty else { throw .malformed(path: path, line: nil, reason: "no rows") }
        return rows
    }

    /// Whole seconds, which some copies write as `10.0`.
    private static func seconds(_ field: String) -> Int? {
        guard let value = Double(field), value >= 0, value < 1e6, value == value.rounded() else { return nil }
        return Int(value)
    }

    private static func padded(_ value: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, 6 - digits.count)) + digits
    }
}
