import Foundation

/// What a configuration must know about a URI as text; the sources parse it for good.
enum URIText {
    /// The URI with its password shown as `***`. A password that is one `${...}` reference is no secret and stays.
    ///
    /// Errs on the side of hiding: a password with an unescaped `/` is hidden too.
    static func masked(_ text: String) -> String {
        guard let start = text.range(of: "://")?.upperBound else { return text }
        let rest = text[start...]
        let authorityEnd = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
        let inAuthority = rest[..<authorityEnd].lastIndex(of: "@")
        let port = rest[..<authorityEnd].split(separator: ":").dropFirst().last
        let looksLikePassword = port.map { !$0.allSatisfy(\.isNumber) && !$0.hasSuffix("]") } ?? false
        guard let at = inAuthority ?? (looksLikePassword ? rest.lastIndex(of: "@") : nil),
            let colon = userEnd(rest[..<at])
        else { return text }
        let password = rest[rest.index(after: colon)..<at]
        if password.wholeMatch(of: /\$\{[^}]*\}/) != nil { return text }
        return text[...colon] + "***" + text[at...]
    }

    /// The colon between user and password, not one within a reference.
    private static func userEnd(_ text: Substring) -> Substring.Index? {
        var depth = 0
        for index in text.indices {
            switch text[index] {
            case "{": depth += 1
            case "}": depth -= 1
            case ":" where depth == 0: return index
            default: break
            }
        }
        return nil
    }

    /// True between `scheme://` and the `@` that ends user and password.
    static func isUserInformation(before: Substring, after: Substring) -> Bool {
        guard let start = before.range(of: "://")?.upperBound else { return false }
        let ends = "/?#"
        return !before[start...].contains { ends.contains($0) || $0 == "@" }
            && after.prefix { !ends.contains($0) }.contains("@")
    }

    /// The text with every character escaped that means something in a URI.
    static func encoded(_ text: String) -> String {
        var unreserved = CharacterSet(charactersIn: "-._~")
        unreserved.insert(charactersIn: "a"..."z")
        unreserved.insert(charactersIn: "A"..."Z")
        unreserved.insert(charactersIn: "0"..."9")
        return text.addingPercentEncoding(withAllowedCharacters: unreserved) ?? text
    }
}
