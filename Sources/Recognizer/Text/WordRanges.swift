/// Cuts cleaned text into what CLIP calls words: a start or end mark, an English contraction's tail (`'s 't 're 've 'm 'll
/// 'd`), a run of letters, one number character, or a run of anything else but white space; the first that fits, in that
/// order.
struct WordRanges: Sequence, IteratorProtocol {
    private enum Kind {
        case letter, number, space, other
    }

    private static let marks = ["<|startoftext|>", "<|endoftext|>"].map { Array($0.unicodeScalars) }
    private static let contractions = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"].map { Array($0.unicodeScalars) }

    private let scalars: [Unicode.Scalar]
    private var position = 0

    /// `scalars` are lower-case.
    init(_ scalars: [Unicode.Scalar]) {
        self.scalars = scalars
    }

    mutating func next() -> Range<Int>? {
        while position < scalars.count, kind(at: position) == .space { position += 1 }
        guard position < scalars.count else { return nil }
        let start = position
        position = end(from: start)
        return start..<position
    }

    private func end(from start: Int) -> Int {
        switch scalars[start] {
        case "<": if let length = length(of: Self.marks, at: start) { return start + length }
        case "'": if let length = length(of: Self.contractions, at: start) { return start + length }
        default: break
        }
        let kind = kind(at: start)
        guard kind != .number else { return start + 1 }
        return scalars[start...].indices.first { self.kind(at: $0) != kind } ?? scalars.count
    }

    private func length(of candidates: [[Unicode.Scalar]], at start: Int) -> Int? {
        candidates.first { candidate in
            start + candidate.count <= scalars.count
                && zip(scalars[start...], candidate).allSatisfy { $0 == $1 || ($0 == "\u{17F}" && $1 == "s") }
        }?.count
    }

    private func kind(at index: Int) -> Kind {
        let scalar = scalars[index]
        if scalar.isASCII {
            switch scalar {
            case "a"..."z", "A"..."Z": return .letter
            case "0"..."9": return .number
            case " ", "\t"..."\r": return .space
            default: return .other
            }
        }
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: return .letter
        case .decimalNumber, .letterNumber, .otherNumber: return .number
        default: return scalar.properties.isWhitespace ? .space : .other
        }
    }
}
