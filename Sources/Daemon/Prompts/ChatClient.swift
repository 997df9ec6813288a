import Foundation
import FoundationNetworking
import Pipeline

/// Talks to a language model over an OpenAI-compatible API and asks again after failures that pass.
struct ChatClient: Sendable {
    let endpoint: ChatEndpoint
    let key: ChatKey?
    let timeLimit: Duration
    let retries: RetryPolicy

    /// A failure that asking again has not mended, or does not mend.
    struct GivenUp: Error, Equatable, CustomStringConvertible {
        let failure: ChatFailure
        let retryCount: Int

        var description: String {
            let tries = retryCount == 0 ? "" : " (asked \(retryCount + 1) times)"
            guard let wait = failure.retryAfter, wait > .zero, failure.isPassing else { return "\(failure)\(tries)" }
            return "\(failure)\(tries); the server asks to wait \(Int(wait.inSeconds.rounded(.up))) s"
        }
    }

    /// The answer to a chat, and how often the request was sent again. Throws `GivenUp` or `CancellationError`.
    func complete(_ request: ChatRequest) async throws -> (answer: ChatAnswer, retryCount: Int) {
        let body = try Self.body(request)
        return try await retrying { try answer(try await send(endpoint.completions, body: body)) }
    }

    /// The names of the models that the server offers.
    func models() async throws -> [String] {
        try await retrying {
            let data = try await send(endpoint.models, body: nil)
            guard let list = try? JSONDecoder().decode(ModelList.self, from: data) else {
                throw ChatFailure.malformed("no list of models in \(excerpt(data))")
            }
            return list.data.map(\.id)
        }.0
    }

    static func body(_ request: ChatRequest) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(request)
    }

    private func retrying<Value: Sendable>(_ attempt: () async throws -> Value) async throws -> (Value, Int) {
        var policy = retries
        while true {
            do {
                return (try await attempt(), policy.attemptCount)
            } catch let failure as ChatFailure {
                guard let wait = policy.wait(after: failure) else {
                    throw GivenUp(failure: failure, retryCount: policy.attemptCount)
                }
                try await Task.sleep(for: wait)
            }
        }
    }

    private func send(_ url: URL?, body: Data?) async throws -> Data {
        guard let url else { throw ChatFailure.unreachable("no such address") }
        var request = URLRequest(url: url)
        request.httpMethod = body == nil ? "GET" : "POST"
        request.httpBody = body
        request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        request.setValue("application/json", forHTTPHeaderField: "Accept")
        request.setValue("claverd/\(ClaverdVersion.current)", forHTTPHeaderField: "User-Agent")
        if let key { request.setValue(key.authorization, forHTTPHeaderField: "Authorization") }
        let answer = try await HTTPExchange.send(request, timeLimit: timeLimit)
        switch answer.status {
        case 200...299: return answer.body
        case 300...399:
            throw ChatFailure.redirected(status: answer.status, location: shown(answer.location ?? "elsewhere"))
        default:
            let (message, code) = Self.complaint(answer.body)
            if answer.status == 429, code == "insufficient_quota" { throw ChatFailure.quotaSpent(shown(message)) }
            throw ChatFailure.refused(
                status: answer.status, message: shown(message),
                retryAfter: ChatFailure.retryAfter(answer.retryAfter, now: Date()))
        }
    }

    /// A server's words on one line, without the key.
    private func shown(_ text: String) -> String { (key?.masked(text) ?? text).escapedForLog }

    /// What is wrong, as OpenAI and vLLM word it (`{"error": {"message", "code"}}`), Ollama (`{"error"}`), or others.
    private static func complaint(_ body: Data) -> (message: String, code: String?) {
        let object = (try? JSONSerialization.jsonObject(with: body)) as? [String: Any] ?? [:]
        let error = object["error"] as? [String: Any]
        let texts = [error?["message"], object["error"], object["message"], object["detail"]]
        return (texts.lazy.compactMap { $0 as? String }.first ?? "", error?["code"] as? String)
    }

    private func answer(_ data: Data) throws -> ChatAnswer {
        guard let completion = try? JSONDecoder().decode(Completion.self, from: data),
            let choice = completion.choices.first
        else { throw ChatFailure.malformed("no choices[0].message in \(excerpt(data))") }
        return ChatAnswer(text: choice.message.content ?? "", isCutOff: choice.finishReason == "length")
    }

    private func excerpt(_ data: Data) -> String {
        let text = shown(String(decoding: data.prefix(80), as: UTF8.self))
        return "\(data.count) bytes \"\(text)\(data.count > 80 ? "…" : "")\""
    }

    private struct Completion: Decodable {
        struct Choice: Decodable {
            struct Message: Decodable { let content: String? }
            let message: Message
            let finishReason: String?

            enum CodingKeys: String, CodingKey {
                case message
                case finishReason = "finish_reason"
            }
        }
        let choices: [Choice]
    }

    private struct ModelList: Decodable {
        struct Model: Decodable { let id: String }
        let data: [Model]
    }
}
