import Foundation
import Recognizer

/// Something-Something: version 2's JSON, and the `ID;template` rows of version 1 and of version 2's test answers.
package enum SomethingAnnotations {
    /// Clips are called `ID.webm`. Templates lose the brackets around `[something]`.
    ///
    /// - Parameter labels: `labels.json` (`{"Template": "0"}`), or version 1's list of templates, a line each.
    /// - Throws: `DatasetError`.
    package static func read(
        lists: [String], labels: String, names: AnnotationNames
    ) throws(DatasetError) -> AnnotatedDataset {
        let templates = try isJSON(labels) ? labelsJSON(labels) : labelsText(labels)
        let ids = try ActionAnnotations.distinct(templates, path: labels)
        var result = AnnotatedDataset(labels: templates, lists: [])
        for list in lists {
            var entries: [ClipEntry] = []
            for row in try isJSON(list) ? rowsJSON(list) : rowsText(list) {
                guard let id = ids[row.template] else {
                    throw .malformed(
                        path: list, line: row.line,
                        reason:
                            "clip \(row.clip.escapedForLog): template \"\(row.template.escapedForLog)\" is not in \(labels)"
                    )
                }
                do {
                    let name = try names.name(folder: row.template, file: row.clip + ".webm", officially: .flat)
                    entries.append(ClipEntry(name: name, classes: [id]))
                } catch {
                    throw .malformed(path: list, line: row.line, reason: error.reason)
                }
            }
            guard !entries.isEmpty else { throw .malformed(path: list, line: nil, reason: "no clips") }
            result.lists.append(AnnotatedDataset.List(name: ActionAnnotations.stem(list), entries: entries))
        }
        return result
    }

    private struct Row {
        let clip: String
        let template: String
        let line: Int?
    }

    private static func isJSON(_ path: String) throws(DatasetError) -> Bool {
        let file = try TextLines.map(path)
        return withExtendedLifetime(file) {
            let first = file.bytes.first { ![0x20, 0x09, 0x0A, 0x0D, 0xEF, 0xBB, 0xBF].contains($0) }
            return first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
        }
    }

    private static func labelsJSON(_ path: String) throws(DatasetError) -> [String] {
        let table = try decode([String: String].self, path, expected: "an object of templates and their ids as text")
        var templates = [String?](repeating: nil, count: table.count)
        for (template, text) in table {
            guard let id = Int(text), templates.indices.contains(id), templates[id] == nil else {
                throw .malformed(
                    path: path, line: nil,
                    reason:
                        "id \"\(text.escapedForLog)\" of \"\(template.escapedForLog)\"; \(table.count) templates have ids 0 to \(table.count - 1), each once"
                )
            }
            templates[id] = plain(template)
        }
        return templates.compactMap { $0 }
    }

    private static func labelsText(_ path: String) throws(DatasetError) -> [String] {
        var templates: [String] = []
        try TextLines.readText(path) { (_, line) in templates.append(plain(line)) }
        return templates
    }

    private struct Sample: Decodable {
        let id: String
        let template: String
    }

    private static func rowsJSON(_ path: String) throws(DatasetError) -> [Row] {
        let samples = try decode(
            [Sample].self, path,
            expected: "an array of objects with \"id\" and \"template\" (test lists without templates cannot be used)")
        return samples.map { Row(clip: $0.id, template: plain($0.template), line: nil) }
    }

    private static func rowsText(_ path: String) throws(DatasetError) -> [Row] {
        var rows: [Row] = []
        try TextLines.readText(path) { (number, line) throws(DatasetError) in
            guard let semicolon = line.firstIndex(of: ";"), line.first != ";" else {
                throw .malformed(path: path, line: number, reason: "expected \"ID;template\"")
            }
            let template = plain(String(line[line.index(after: semicolon)...]))
            rows.append(Row(clip: String(line[..<semicolon]), template: template, line: number))
        }
        return rows
    }

    private static func plain(_ template: String) -> String {
        String(template.filter { $0 != "[" && $0 != "]" }).trimmingCharacters(in: .whitespaces)
    }

    private static func decode<Value: Decodable>(
        _ type: Value.Type, _ path: String, expected: String
    ) throws(DatasetError) -> Value {
        let file = try TextLines.map(path)
        do {
            return try JSONDecoder().decode(type, from: Data(file.bytes))
        } catch {
            throw .malformed(path: path, line: nil, reason: "expected \(expected)")
        }
    }
}
