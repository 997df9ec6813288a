/// `labels.csv` and `prompts.csv`: which texts belong to which class.
package enum ListFile {
    private static let lineLimit = 100_000
    private static let byteLimit = 64 << 20

    /// Reads `id,name` rows under that header, quoted as in RFC 4180, in any order of ids.
    ///
    /// - Returns: names by id; the ids are 0 and up without gap, names are distinct.
    package static func labels(_ path: String) throws(RecognizerError) -> [String] {
        let rows = try rows(path, separator: ",")
        var names = [String?](repeating: nil, count: rows.count)
        var seen: [String: Int] = [:]
        for row in rows {
            guard row.id < rows.count else {
                throw failure(path, row.line, "id \(row.id), but \(rows.count) rows make ids 0 to \(rows.count - 1)")
            }
            guard names[row.id] == nil else { throw failure(path, row.line, "id \(row.id) stands twice") }
            if let line = seen.updateValue(row.line, forKey: row.name) {
                throw failure(path, row.line, "\"\(row.name)\" stands on line \(line) too")
            }
            names[row.id] = row.name
        }
        return names.compactMap { $0 }
    }

    /// Reads `id;name` rows under that header, several per class: sentences that describe it.
    ///
    /// A backslash escapes: `\;` is a semicolon, `\"` a quote, `\\` a backslash, `\n` a line break.
    ///
    /// - Returns: sentences by class id, at least one for each id from 0 to the highest.
    package static func prompts(_ path: String) throws(RecognizerError) -> [[String]] {
        let rows = try rows(path, separator: ";")
        let highest = rows.map(\.id).max() ?? -1
        guard highest < rows.count else {
            throw failure(path, 1, "id \(highest) in \(rows.count) rows: ids have a gap")
        }
        var prompts = [[String]](repeating: [], count: highest + 1)
        for row in rows { prompts[row.id].append(row.name) }
        if let gap = prompts.firstIndex(where: \.isEmpty) { throw failure(path, 1, "class \(gap) has no prompt") }
        return prompts
    }

    /// Reads the text of a prompts file in which classes may be missing; `path` only names it in errors.
    ///
    /// - Returns: class id and sentence, row by row.
    package static func promptRows(
        text: String, path: String
    ) throws(RecognizerError) -> [(id: Int, sentence: String)] {
        try rows(text: text, path: path, separator: ";").map { ($0.id, $0.name) }
    }

    /// The text of a prompts file, header included, which reads back as `rows`.
    ///
    /// - Parameter rows: class id and sentence; no control characters in it but tabs and line breaks.
    package static func promptText(_ rows: [(id: Int, sentence: String)]) -> String {
        "id;name\n" + promptLines(rows)
    }

    /// The same without the header: what is appended to a prompts file.
    package static func promptLines(_ rows: [(id: Int, sentence: String)]) -> String {
        var text = ""
        for row in rows {
            text += "\(row.id);"
            for scalar in row.sentence.unicodeScalars {
                switch scalar {
                case "\n": text += "\\n"
                case ";", "\"", "\\":
                    text += "\\"
                    text.unicodeScalars.append(scalar)
                default: text.unicodeScalars.append(scalar)
                }
            }
            text += "\n"
        }
        return text
    }

    private struct Row {
        let id: Int
        let name: String
        let line: Int
    }

    private static func failure(_ path: String, _ line: Int, _ reason: String) -> RecognizerError {
        .malformed(path: path, reason: "line \(line): \(reason)")
    }

    private static func rows(_ path: String, separator: Unicode.Scalar) throws(RecognizerError) -> [Row] {
        let file = try MappedFile(path)
        guard file.bytes.count <= byteLimit else {
            throw .malformed(path: path, reason: "\(file.bytes.count) bytes, at most \(byteLimit) are read")
        }
        var bytes = file.bytes[...]
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = bytes.dropFirst(3) }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw failure(path, invalidLine(bytes), "not UTF-8")
        }
        return try rows(text: text, path: path, separator: separator)
    }

    private static func rows(
        text: String, path: String, separator: Unicode.Scalar
    ) throws(RecognizerError) -> [Row] {
        let records = try records(text, path: path, separator: separator)
        let header = "id\(separator)name"
        guard let first = records.first, first.fields == ["id", "name"] else {
            throw failure(path, 1, "the header is not \(header)")
        }
        var rows: [Row] = []
        for record in records.dropFirst() {
            guard record.fields.count == 2 else {
                throw failure(path, record.line, "\(record.fields.count) fields, accepted are two: \(header)")
            }
            guard let id = Int(record.fields[0]), id >= 0 else {
                throw failure(path, record.line, "id \"\(record.fields[0])\" is no whole number")
            }
            guard record.fields[1].contains(where: { !$0.isWhitespace }) else {
                throw failure(path, record.line, "the name is empty")
            }
            rows.append(Row(id: id, name: record.fields[1], line: record.line))
        }
        guard !rows.isEmpty else { throw failure(path, 2, "no rows") }
        return rows
    }

    private static func invalidLine(_ bytes: Slice<UnsafeRawBufferPointer>) -> Int {
        let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
        return (lines.firstIndex { String(validating: $0, as: UTF8.self) == nil } ?? 0) + 1
    }

    /// Splits RFC 4180 text; a line end is LF or CRLF, empty lines are passed over. With semicolons, backslashes escape.
    private static func records(
        _ text: String, path: String, separator: Unicode.Scalar
    ) throws(RecognizerError) -> [(fields: [String], line: Int)] {
        var records: [(fields: [String], line: Int)] = []
        var fields: [String] = []
        var field = String.UnicodeScalarView()
        var (line, start) = (1, 1)
        var isQuoted = false
        var wasQuoted = false
        var scalars = text.unicodeScalars.makeIterator()
        var ahead = scalars.next()
        func finish() throws(RecognizerError) {
            fields.append(String(field))
            if fields != [""] || wasQuoted { records.append((fields, start)) }
            guard records.count <= lineLimit else { throw failure(path, line, "more than \(lineLimit) rows") }
            (fields, field, wasQuoted) = ([], String.UnicodeScalarView(), false)
        }
        while let scalar = ahead {
            ahead = scalars.next()
            switch scalar {
            case "\\" where separator == ";" && (isQuoted || !wasQuoted):
                switch ahead {
                case ";", "\"", "\\": field.append(ahead ?? scalar)
                case "n": field.append("\n")
                default:
                    let found = ahead.map { String($0).debugDescription.dropFirst().dropLast() } ?? ""
                    throw failure(path, line, "escape \\\(found), accepted are \\; \\\" \\\\ \\n")
                }
                ahead = scalars.next()
            case "\"" where isQuoted && ahead == "\"":
                field.append(scalar)
                ahead = scalars.next()
            case "\"" where isQuoted: isQuoted = false
            case "\"" where field.isEmpty && !wasQuoted: (isQuoted, wasQuoted) = (true, true)
            case "\"": throw failure(path, line, "a quote inside an unquoted field")
            case _ where isQuoted:
                if scalar == "\n" { line += 1 }
                field.append(scalar)
            case separator:
                fields.append(String(field))
                (field, wasQuoted) = (String.UnicodeScalarView(), false)
            case "\r" where ahead == "\n": break
            case "\n":
                try finish()
                line += 1
                start = line
            case _ where wasQuoted: throw failure(path, line, "text after a closing quote")
            case _ where scalar.value < 0x20 && scalar != "\t": throw failure(path, line, "a control character")
            default: field.append(scalar)
            }
        }
        guard !isQuoted else { throw failure(path, start, "a quote does not end") }
        try finish()
        return records
    }
}
