/// One request to a language model: so many texts of a family about an action.
struct PromptDemand: Sendable, Equatable {
    let family: InterpretiveFamily
    /// The name of the class, as the labels have it.
    let action: String
    let count: Int
    /// Words that a text may have.
    let words: Int
    /// Texts about the action that there are already.
    let present: [String]

    /// At most so many texts at once: what the examples show, and a length that small models keep up.
    static let largestCount = 5

    /// The instruction, the worked examples as earlier turns, then the demand.
    func messages(limit: TextLimit) -> [ChatMessage] {
        var messages = [ChatMessage(role: .system, content: instruction)]
        for example in family.examples {
            messages.append(ChatMessage(role: .user, content: Self.question(example.action, count, words)))
            let texts = example.texts.prefix(count).compactMap { limit.cut($0) }
            messages.append(ChatMessage(role: .assistant, content: texts.joined(separator: "\n")))
        }
        var question = Self.question(action.split(whereSeparator: \.isWhitespace).joined(separator: " "), count, words)
        if !present.isEmpty {
            question += "\nThese are there already; write different ones:\n" + present.joined(separator: "\n")
        }
        messages.append(ChatMessage(role: .user, content: question))
        return messages
    }

    private var instruction: String {
        """
        You write short English texts about human actions. A program compares them with what it sees in a video, so write only \
        what can be seen. \(family.task)
        Answer with the texts alone, one per line: no numbers, no quotation marks, no headings, nothing before or after. The \
        texts differ from each other, and each is clear without the others.
        """
    }

    private static func question(_ action: String, _ count: Int, _ words: Int) -> String {
        "Action: \(action)\nTexts: \(count), of at most \(words) words each"
    }
}
