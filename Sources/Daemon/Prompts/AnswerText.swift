import Foundation

/// The texts in a language model's answer: a text per line, freed from what models put around them.
struct AnswerText: Equatable {
    let texts: [String]

    /// - Parameter isCutOff: the model was stopped in the middle, so that the last line is torn.
    init(_ answer: String, isCutOff: Bool = false) {
        let said = Self.withoutThoughts(answer)
        if let list = Self.list(said) {
            texts = list.compactMap(Self.cleaned)
        } else {
            let lines = said.split(whereSeparator: \.isNewline)
            texts = (isCutOff ? lines.dropLast() : lines[...]).compactMap { Self.cleaned(String($0)) }
        }
    }

    /// What a reasoning model says after its thoughts; nothing if it never ended them.
    private static func withoutThoughts(_ answer: String) -> String {
        if let end = answer.range(of: "</think>", options: [.caseInsensitive, .backwards]) {
            return String(answer[end.upperBound...])
        }
        guard let start = answer.range(of: "<think>", options: .caseInsensitive) else { return answer }
        return String(answer[..<start.lowerBound])
    }

    /// Some models answer with a JSON array whatever they are asked for.
    private static func list(_ answer: String) -> [String]? {
        guard let start = answer.firstIndex(of: "["), let end = answer.lastIndex(of: "]"), start < end,
            !answer[..<start].contains(where: \.isLetter) || answer.contains("```")
        else { return nil }
        return try? JSONDecoder().decode([String].self, from: Data(answer[start...end].utf8))
    }

    /// One line of plain text, or `nil` for a line that is no text of the kind asked for.
    private static func cleaned(_ line: String) -> String? {
        guard !line.trimmingCharacters(in: .whitespaces).hasPrefix("```") else { return nil }
        var text = printable(line)
        text.replace(#/<[^<>]{1,40}>/#, with: "")
        text.replace(#/\*+|`|__/#, with: "")
        text = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        text.trimPrefix(#/#+ |[-–—•·>+] ?/#)
        text.trimPrefix(#/\(?[0-9]{1,3}(?:[.)] ?|: )/#)
        text.trimPrefix(#/(?i)(?:text|sentence|phrase|synonym|option|description|answer) ?[0-9]{1,3} ?[:.)-] ?/#)
        text = unquoted(text)
        guard text.contains(where: \.isLetter), text.last != ":", text.firstMatch(of: remark) == nil else { return nil }
        return text
    }

    /// What models say about their answer.
    private static var remark: Regex<Substring> {
        #/^(?i)(?:(?:sure|certainly|of course|okay|absolutely)[,!.]|(?:here (?:are|is)|here's|below are|note:|i hope|let me know) ?).*/#
    }

    /// Control characters as spaces; what formats or stands for nothing is dropped, joiners apart.
    private static func printable(_ line: String) -> String {
        var out = String.UnicodeScalarView()
        for scalar in line.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator: out.append(" ")
            case .format where scalar == "\u{200C}" || scalar == "\u{200D}": out.append(scalar)
            case .format, .privateUse, .unassigned, .surrogate: break
            default: if scalar != "\u{FFFD}" { out.append(scalar) }
            }
        }
        return String(out)
    }

    private static let quotes: [Character: Character] = [
        "\"": "\"", "'": "'", "“": "”", "„": "“", "«": "»", "‘": "’", "_": "_",
    ]

    /// Without the quotes around the whole of it, and without a comma or semicolon at the end.
    private static func unquoted(_ text: String) -> String {
        var text = text[...]
        while true {
            let before = text
            while let last = text.last, ",; ".contains(last) { text.removeLast() }
            while text.first == " " { text.removeFirst() }
            if text.count > 1, let first = text.first, let close = quotes[first], text.last == close {
                let inner = text.dropFirst().dropLast()
                if !inner.contains(close), !inner.contains(first) { text = inner }
            }
            if text == before { return String(text) }
        }
    }
}
