import Foundation

/// Takes secrets out of text that is to be shown.
enum Redaction {
    /// A URI, well-formed or not, without what stands before the last `@` of its authority and with `***` for the values
    /// of query or path parameters whose names speak of secrets.
    static func uri(_ text: String) -> String {
        guard let scheme = text.range(of: "://") else { return oneLine(parameters(text)) }
        let body = text[scheme.upperBound...]
        // A password with a bare `/`, `?` or `#` in it ends the authority early, so the whole text is searched.
        let start = body.lastIndex(of: "@").map { body.index(after: $0) } ?? body.startIndex
        return oneLine(text[..<scheme.upperBound] + parameters(String(body[start...])))
    }

    /// Values after `password=`, `token=` and the like replaced, up to the next delimiter.
    static func parameters(_ text: String) -> String {
        // Matched anywhere, not only behind `?` or `&`: cameras also take `/user=admin&password=x` as a path.
        let pattern = /((?:pass(?:word|wd)?|pwd|pw|token|secret|key|auth|sig(?:nature)?)=)[^&;\/?#\s]*/.ignoresCase()
        return text.replacing(pattern) { "\($0.output.1)***" }
    }

    /// Control characters become spaces, so that text from a camera stays on its line.
    static func oneLine(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) ? " " : $0 }))
    }
}
