import Recognizer

extension String {
    /// One printable line: control characters (line breaks, escapes, directions) become `\u{..}`; what is longer than 300
    /// characters ends in an ellipsis. The joiners that emoji and some scripts are made with stay.
    package var escapedForLog: String { escapedForLog(limit: 300) }

    /// The same with at most `limit` characters.
    package func escapedForLog(limit: Int) -> String {
        var out = ""
        for scalar in unicodeScalars.prefix(limit) {
            if scalar.isUnprintable {
                out += "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                out.unicodeScalars.append(scalar)
            }
        }
        return unicodeScalars.dropFirst(limit).isEmpty ? out : out + "…"
    }
}
