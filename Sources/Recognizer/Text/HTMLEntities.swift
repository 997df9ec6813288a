/// HTML's character references, read the two ways that CLIP's clean-up reads them.
///
/// Names are those of HTML 4 and of HTML 5's ASCII characters, not the 2,231 of HTML 5; an unknown name stays as it is.
enum HTMLEntities {
    /// Only references that end in a semicolon; also names written all in capitals ("&EACUTE;").
    static func strictlyUnescaped(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
        replacingReferences(in: text) { rest in
            var end = rest.startIndex + 1
            if end < rest.endIndex, rest[end] == "#" { end += 1 }
            let start = end
            while end < rest.endIndex, isASCIIAlphanumeric(rest[end]) { end += 1 }
            guard (1...24).contains(end - start), end < rest.endIndex, rest[end] == ";" else { return nil }
            let after = end + 1
            if rest[start - 1] == "#" {
                // A reference to the semicolon itself stays, as in the original.
                guard let number = number(rest), number.end == after, number.value != [";"] else { return nil }
                return (number.value, after)
            }
            let name = String(String.UnicodeScalarView(rest[start..<end]))
            return (value(ofStrictName: name)).map { ($0, after) }
        }
    }

    /// As a browser reads text: numbers need no semicolon, nor do the names of HTML 2 to 4's Latin-1 characters, of which
    /// the longest that fits is taken ("&notit;" is "¬it;").
    static func unescaped(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
        replacingReferences(in: text) { rest in
            if let number = number(rest) { return number }
            let first = rest.startIndex + 1
            let run = rest[first...].prefix(32).prefix { !"\t\n\u{C} <&#;".unicodeScalars.contains($0) }
            guard !run.isEmpty else { return nil }
            let name = String(String.UnicodeScalarView(run))
            if run.endIndex < rest.endIndex, rest[run.endIndex] == ";", let value = names[name] {
                return (value, run.endIndex + 1)
            }
            for length in stride(from: min(run.count, longestLegacyName), through: 2, by: -1) {
                if let value = legacyNames[String(name.unicodeScalars.prefix(length))] {
                    return (value, first + length)
                }
            }
            return nil
        }
    }

    private typealias Reference = (value: [Unicode.Scalar], end: Int)

    /// Lets `reference` look at each `&` and what follows; nil leaves the `&`.
    private static func replacingReferences(
        in text: [Unicode.Scalar], _ reference: (ArraySlice<Unicode.Scalar>) -> Reference?
    ) -> [Unicode.Scalar] {
        guard var ampersand = text.firstIndex(of: "&") else { return text }
        var out: [Unicode.Scalar] = []
        out.reserveCapacity(text.count)
        var copied = 0
        while true {
            out += text[copied..<ampersand]
            copied = ampersand
            if let found = reference(text[ampersand...]) {
                out += found.value
                copied = found.end
            }
            guard let next = text[max(copied, ampersand + 1)...].firstIndex(of: "&") else { break }
            ampersand = next
        }
        return out + text[copied...]
    }

    /// `&#123;` or `&#x7B;` at the start of `rest`, the semicolon optional.
    private static func number(_ rest: ArraySlice<Unicode.Scalar>) -> Reference? {
        var end = rest.startIndex + 1
        guard end < rest.endIndex, rest[end] == "#" else { return nil }
        end += 1
        let isHexadecimal = end < rest.endIndex && (rest[end] == "x" || rest[end] == "X")
        if isHexadecimal { end += 1 }
        var value: UInt32 = 0
        let start = end
        while end < rest.endIndex, rest[end].isASCII,
            let digit = Character(rest[end]).hexDigitValue, isHexadecimal || digit < 10
        {
            value = min(value * (isHexadecimal ? 16 : 10) + UInt32(digit), 0x11_0000)
            end += 1
        }
        guard end > start else { return nil }
        if end < rest.endIndex, rest[end] == ";" { end += 1 }
        return (character(numbered: value), end)
    }

    /// What HTML makes of a number: C1 codes are Windows-1252, other control codes and non-characters are nothing, what is no
    /// Unicode scalar is the replacement character.
    private static func character(numbered value: UInt32) -> [Unicode.Scalar] {
        guard value != 0, let scalar = Unicode.Scalar(value) else { return ["\u{FFFD}"] }
        switch value {
        case 0x80...0x9F: return [Windows1252.meant(by: scalar)]
        case 0x01...0x08, 0x0B, 0x0E...0x1F, 0x7F, 0xFDD0...0xFDEF: return []
        default: return value & 0xFFFE == 0xFFFE ? [] : [scalar]
        }
    }

    private static func value(ofStrictName name: String) -> [Unicode.Scalar]? {
        if let value = names[name] { return value }
        let lower = name.lowercased()
        guard name == name.uppercased(), let value = names[lower], !hasLegacyPrefix(name) else { return nil }
        return value.flatMap { Array($0.properties.uppercaseMapping.unicodeScalars) }
    }

    private static func hasLegacyPrefix(_ name: String) -> Bool {
        (2...longestLegacyName).contains { legacyNames[String(name.prefix($0))] != nil }
    }

    private static func isASCIIAlphanumeric(_ scalar: Unicode.Scalar) -> Bool {
        scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
    }
}
