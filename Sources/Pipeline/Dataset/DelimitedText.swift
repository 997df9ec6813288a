/// Rows of fields, quoted as in RFC 4180, of which each stands on a line of its own.
enum DelimitedText {
    /// The fields of a line. Throws for quotes that do not match.
    static func fields(_ line: String, separator: Character, path: String, number: Int) throws(DatasetError) -> [String]
    {
        func fault(_ reason: String) -> DatasetError { .malformed(path: path, line: number, reason: reason) }
        var fields: [String] = []
        var rest = line[...]
        while true {
            guard rest.first == "\"" else {
                let end = rest.firstIndex(of: separator) ?? rest.endIndex
                guard !rest[..<end].contains("\"") else { throw fault("a quote inside an unquoted field") }
                fields.append(String(rest[..<end]))
                guard end < rest.endIndex else { return fields }
                rest = rest[rest.index(after: end)...]
                continue
            }
            var field = ""
            rest = rest.dropFirst()
            while true {
                guard let quote = rest.firstIndex(of: "\"") else { throw fault("a quote does not end") }
                field += rest[..<quote]
                rest = rest[rest.index(after: quote)...]
                guard rest.first == "\"" else { break }
                field += "\""
                rest = rest.dropFirst()
            }
            fields.append(field)
            guard let next = rest.first else { return fields }
            guard next == separator else { throw fault("text after a closing quote") }
            rest = rest.dropFirst()
        }
    }

    /// A field as it is written: in quotes where it must be.
    static func quoted(_ field: String, separator: Character) -> String {
        guard field.contains(where: { $0 == separator || $0 == "\"" || $0.isNewline }) else { return field }
        return "\"" + field.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
}
