/// Prompts that belong together: the templates, or one file of interpretive prompts.
package struct PromptFamily: Sendable, Equatable, Codable {
    package static let templates = "templates"

    package var name: String
    /// Prompts per class.
    package var count: Int

    package init(name: String, count: Int) {
        self.name = name
        self.count = count
    }
}
