/// One turn of a chat, as the chat-completions protocol has it.
struct ChatMessage: Codable, Sendable, Equatable {
    enum Role: String, Codable, Sendable {
        case system, user, assistant
    }

    let role: Role
    let content: String
}

/// The body of a request to `/v1/chat/completions`: what every server of that protocol knows, nothing more.
struct ChatRequest: Encodable, Sendable, Equatable {
    let model: String
    let temperature: Double
    let topP: Double
    let messages: [ChatMessage]

    enum CodingKeys: String, CodingKey {
        case model, temperature, messages
        case topP = "top_p"
    }
}

/// What a language model said.
struct ChatAnswer: Sendable, Equatable {
    let text: String
    /// It was stopped at a limit of the server, in the middle.
    let isCutOff: Bool
}
