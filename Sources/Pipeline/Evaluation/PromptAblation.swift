import Recognizer

/// What each family of prompts contributes: the same video features compared with some of the texts.
package struct PromptAblation: Sendable {
    /// One choice of families.
    package struct Choice: Sendable, Equatable {
        /// `templates`, `templates + synonyms`, `all`.
        package let name: String
        /// Places in the vocabulary's prompts.
        package let prompts: [Int]
    }

    /// Templates alone, each other family alone, templates with each of them, everything; what would come twice, once.
    package static func choices(_ families: [PromptFamily]) -> [Choice] {
        var ranges: [Range<Int>] = []
        for family in families {
            let start = ranges.last?.upperBound ?? 0
            ranges.append(start..<start + family.count)
        }
        let templates = families.firstIndex { $0.name == PromptFamily.templates }
        let others = families.indices.filter { $0 != templates }
        var out = ((templates.map { [$0] } ?? []) + others).map {
            Choice(name: families[$0].name, prompts: Array(ranges[$0]))
        }
        if let templates, others.count > 1 {
            out += others.map { other in
                Choice(
                    name: "\(families[templates].name) + \(families[other].name)",
                    prompts: Array(ranges[templates]) + Array(ranges[other]))
            }
        }
        if families.count > 1 {
            out.append(Choice(name: "all", prompts: Array(0..<(ranges.last?.upperBound ?? 0))))
        }
        return out
    }

    /// The evaluation's result with each choice.
    package static func results(_ dump: EvaluationDump) -> [(choice: Choice, result: EvaluationResult)] {
        choices(dump.families).map { ($0, dump.result(dump.vocabulary.selecting($0.prompts))) }
    }
}
