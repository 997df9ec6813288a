import Foundation

/// Text as CLIP's tokenizer reads it: repaired, unescaped, white space collapsed, lower-case.
///
/// The repairs are those CLIP's training text went through: HTML entities (those of HTML 4; see `HTMLEntities`), C1 codes as
/// Windows-1252, Latin ligatures, full- and half-width forms, straight quotes, no terminal escapes and control characters,
/// Unicode normal form C. Of text that was decoded with the wrong code page only the common and unmistakable case is undone
/// (`Windows1252.undone`).
enum PromptText {
    static func cleaned(_ text: String) -> [Unicode.Scalar] {
        lowercased(collapsed(HTMLEntities.unescaped(HTMLEntities.unescaped(repaired(Array(text.unicodeScalars))))))
    }

    /// Line by line; from the first line with a `<` on, the text may be HTML itself and its entities wait for `unescaped`.
    private static func repaired(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
        var out: [Unicode.Scalar] = []
        out.reserveCapacity(text.count)
        var mayBeHTML = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            mayBeHTML = mayBeHTML || line.contains("<")
            if !out.isEmpty { out.append("\n") }
            out += repaired(line: Array(line), unescaping: !mayBeHTML)
        }
        return out
    }

    /// A repair may uncover the next ("&amp;amp;"): repeats until nothing changes, or so often that the text is no
    /// accident.
    private static func repaired(line: [Unicode.Scalar], unescaping: Bool) -> [Unicode.Scalar] {
        var text = line
        for _ in 0..<32 {
            let before = text
            if isPlain(text) { break }
            if unescaping { text = HTMLEntities.strictlyUnescaped(text) }
            text = Windows1252.undone(text) ?? text
            text = withoutTerminalEscapes(text.flatMap(replacement(for:)))
            text.removeAll(where: isUnwantedControl)
            var string = String.UnicodeScalarView()
            string.append(contentsOf: text)
            text = Array(String(string).precomposedStringWithCanonicalMapping.unicodeScalars)
            if text == before { break }
        }
        return text
    }

    /// Printable ASCII in which nothing can be an entity.
    private static func isPlain(_ text: [Unicode.Scalar]) -> Bool {
        text.allSatisfy { (" "..."~").contains($0) && $0 != "&" }
    }

    private static func replacement(for original: Unicode.Scalar) -> [Unicode.Scalar] {
        let scalar = Windows1252.meant(by: original)
        switch scalar.value {
        case ..<0x80: return [scalar]
        case 0x2018...0x201B, 0x2BC: return ["'"]
        case 0x201C...0x201F: return ["\""]
        case 0x3000: return [" "]
        case 0xFF01...0xFFEF:
            return Array(String(Character(scalar)).precomposedStringWithCompatibilityMapping.unicodeScalars)
        default: return ligatures[scalar] ?? [scalar]
        }
    }

    private static let ligatures: [Unicode.Scalar: [Unicode.Scalar]] = [
        "\u{132}": "IJ", "\u{133}": "ij", "\u{149}": "'n",
        "\u{1C4}": "D\u{17D}", "\u{1C5}": "D\u{17E}", "\u{1C6}": "d\u{17E}", "\u{1C7}": "LJ", "\u{1C8}": "Lj",
        "\u{1C9}": "lj", "\u{1CA}": "NJ", "\u{1CB}": "Nj", "\u{1CC}": "nj", "\u{1F1}": "DZ", "\u{1F2}": "Dz",
        "\u{1F3}": "dz",
        "\u{FB00}": "ff", "\u{FB01}": "fi", "\u{FB02}": "fl", "\u{FB03}": "ffi", "\u{FB04}": "ffl",
        "\u{FB05}": "\u{17F}t",
        "\u{FB06}": "st",
    ].mapValues { (letters: String) in Array(letters.unicodeScalars) }

    /// Drops `ESC [ digits and semicolons, letter`, which colours text on a terminal.
    private static func withoutTerminalEscapes(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
        guard text.contains("\u{1B}") else { return text }
        var out: [Unicode.Scalar] = []
        var index = 0
        while index < text.count {
            var end = index + 2
            if text[index] == "\u{1B}", end < text.count, text[index + 1] == "[" {
                while end < text.count, text[end] == ";" || text[end].properties.generalCategory == .decimalNumber {
                    end += 1
                }
                if end < text.count, text[end].isASCII, text[end].properties.isAlphabetic {
                    index = end + 1
                    continue
                }
            }
            out.append(text[index])
            index += 1
        }
        return out
    }

    /// Control characters that are neither white space nor needed to show the text (joiners, directions, emoji tags).
    private static func isUnwantedControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x00...0x08, 0x0B, 0x0E...0x1F, 0x7F, 0x206A...0x206F, 0xFEFF, 0xFFF9...0xFFFC: true
        default: false
        }
    }

    /// White space at both ends dropped, elsewhere one space for each run.
    private static func collapsed(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
        Array(text.split(whereSeparator: \.properties.isWhitespace).joined(separator: [" "]))
    }

    /// Unicode's full lower-casing, with the final form of sigma at the end of a word.
    private static func lowercased(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
        var out: [Unicode.Scalar] = []
        out.reserveCapacity(text.count)
        for (index, scalar) in text.enumerated() {
            switch scalar {
            case "A"..."Z": out.append(Unicode.Scalar(UInt8(scalar.value + 32)))
            case "\u{3A3}": out.append(isFinalSigma(text, at: index) ? "\u{3C2}" : "\u{3C3}")
            case _ where scalar.isASCII: out.append(scalar)
            default: out.append(contentsOf: scalar.properties.lowercaseMapping.unicodeScalars)
            }
        }
        return out
    }

    private static func isFinalSigma(_ text: [Unicode.Scalar], at index: Int) -> Bool {
        let before = text[..<index].last { !$0.properties.isCaseIgnorable }
        let after = text[(index + 1)...].first { !$0.properties.isCaseIgnorable }
        return (before?.properties.isCased ?? false) && !(after?.properties.isCased ?? false)
    }
}
