import Recognizer

/// How long a text may be: what the context of the model that will read it holds, counted with that model's tokenizer.
struct TextLimit: Sendable {
    let tokenizer: Tokenizer
    /// Tokens, start and end token included.
    let contextLength: Int
    /// As many words of ordinary text as fit safely: what a language model is told, which cannot count tokens.
    let words: Int

    init(tokenizer: Tokenizer, contextLength: Int) {
        self.tokenizer = tokenizer
        self.contextLength = contextLength
        let samples = InterpretiveFamily.allCases.flatMap(\.examples).flatMap(\.texts)
        let tokens = samples.reduce(0) { $0 + tokenizer.encode($1).count }
        let words = samples.reduce(0) { $0 + Self.words($1).count }
        self.words = min(max((contextLength - 2) * words * 4 / (tokens * 5), 1), 40)
    }

    /// Tokens of a text, start and end included.
    func tokens(_ text: String) -> Int { tokenizer.encode(text).count + 2 }

    /// Whether a model reads the text as a prompt: something is left of it, and it is not too long.
    func fits(_ text: String) -> Bool { (3...max(contextLength, 3)).contains(tokens(text)) }

    /// The beginning of a text that fits: up to the end of a sentence if that keeps half of it, otherwise of a clause, otherwise
    /// of a word. The text itself when it fits; `nil` if not even a word does.
    func cut(_ text: String) -> String? {
        if fits(text) { return text }
        let words = Self.words(text).prefix(contextLength)
        var count = words.count
        while count > 0, !fits(words[..<count].joined(separator: " ")) { count -= 1 }
        guard count > 0 else { return nil }
        let ends = (1...count).filter { $0 * 2 > count }
        let sentence = ends.last { ".!?".contains(words[$0 - 1].last ?? " ") }
        let clause = ends.last { end in
            ",;:".contains(words[end - 1].last ?? " ")
                || (end < words.count && Self.conjunctions.contains(words[end].lowercased()))
        }
        var kept = words[..<(sentence ?? clause ?? count)]
        while kept.count > 1, let last = kept.last, Self.danglers.contains(Self.bare(last)) { kept.removeLast() }
        var result = kept.joined(separator: " ")
        while let last = result.last, ",;:-–—".contains(last) { result.removeLast() }
        return fits(result) ? result : nil
    }

    private static func words(_ text: String) -> [Substring] { text.split(whereSeparator: \.isWhitespace) }

    private static func bare(_ word: Substring) -> String { word.lowercased().filter(\.isLetter) }

    /// Words before which a clause may end.
    private static let conjunctions: Set<String> = [
        "and", "then", "while", "before", "after", "until", "as", "or", "but",
    ]
    /// Words after which none ends.
    private static let danglers = conjunctions.union(
        [
            "a", "an", "the", "of", "in", "on", "at", "to", "with", "from", "by", "for", "into", "over", "under",
            "their", "its",
        ])
}
