/// What the texts of one file say about an action.
enum InterpretiveFamily: String, CaseIterable, Sendable, Codable {
    /// The action as a sequence of simpler movements.
    case decomposition
    /// Which parts of the body move, and how.
    case bodyParts = "body-parts"
    /// Phrases that mean the same.
    case synonyms
    /// Where it happens.
    case scene

    var fileName: String { "\(rawValue).csv" }

    /// What the language model is asked to do.
    var task: String {
        switch self {
        case .decomposition:
            "Each text breaks the whole action down into the simpler movements that it consists of, in the order in which they"
                + " happen."
        case .bodyParts:
            "Each text says which parts of the body move during the action and how each of them moves; together the texts cover"
                + " the whole body."
        case .synonyms:
            "Each text is a short phrase that means the same as the name of the action, in other words."
        case .scene:
            "Each text describes a place where the action is likely to happen: the surroundings and the things that are seen"
                + " there, not the action."
        }
    }
}
