/// One action as the model is asked about it.
package struct ActionText: Sendable, Equatable {
    /// What events and scores call it.
    package var label: String
    /// What stands for `{}` in the templates.
    package var text: String
    /// Whole prompts of its own, used beside the templates; as many for every action.
    package var interpretations: [String]

    /// `text` is the label unless it is given.
    package init(label: String, text: String? = nil, interpretations: [String] = []) {
        self.label = label
        self.text = text ?? label
        self.interpretations = interpretations
    }
}

/// Every prompt of every class, as tokens: what the text tower reads. `A` prompts per class, `C` classes.
package struct PromptSet: Sendable, Equatable {
    /// (C)
    package let labels: [String]
    /// (A, C, tokens): first each template with each action, then each interpretation. Start and end token included, of
    /// different lengths, not padded.
    package let prompts: [[[Int32]]]

    /// Throws `RecognizerError`: `.badPrompt` for a template without `{}`, for actions with different numbers of
    /// interpretations and for no actions or no prompts at all; `.emptyText` and `.textTooLong` as `Tokenizer.prompt`.
    package init(
        actions: [ActionText], templates: [String], tokenizer: Tokenizer, contextLength: Int
    ) throws(RecognizerError) {
        guard let first = actions.first else { throw .badPrompt(text: "", reason: "there are no actions") }
        guard !templates.isEmpty || !first.interpretations.isEmpty else {
            throw .badPrompt(text: first.label, reason: "there are no templates and no prompts of its own")
        }
        var prompts: [[[Int32]]] = []
        for template in templates {
            guard template.contains("{}") else {
                throw .badPrompt(text: template, reason: "a template has {} where the action goes")
            }
            var row: [[Int32]] = []
            for action in actions {
                guard !tokenizer.encode(action.text).isEmpty else { throw .emptyText }
                let text = template.split(separator: "{}", omittingEmptySubsequences: false).joined(
                    separator: action.text)
                row.append(try tokenizer.prompt(text, contextLength: contextLength))
            }
            prompts.append(row)
        }
        let expected = first.interpretations.count
        if let other = actions.first(where: { $0.interpretations.count != expected }) {
            throw .badPrompt(
                text: other.label,
                reason: "\(other.interpretations.count) prompts of its own, but \"\(first.label)\" has \(expected);"
                    + " every action needs as many")
        }
        for index in 0..<expected {
            var row: [[Int32]] = []
            for action in actions {
                row.append(try tokenizer.prompt(action.interpretations[index], contextLength: contextLength))
            }
            prompts.append(row)
        }
        self.labels = actions.map(\.label)
        self.prompts = prompts
    }

    /// Tokens of the longest prompt, start and end included.
    package var longestPrompt: Int { prompts.joined().map(\.count).max() ?? 0 }

    /// Hexadecimal SHA-256 of the tokens and their arrangement; labels do not count.
    package var digest: String {
        var hash = SHA256()
        for row in prompts {
            hash.update("row \(row.count)\n")
            for tokens in row { hash.update("\(tokens)\n") }
        }
        return SHA256.hex(hash.finalize())
    }
}
