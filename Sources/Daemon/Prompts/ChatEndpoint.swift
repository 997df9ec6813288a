import Foundation
import Pipeline

/// Where a language model is served: the address of an OpenAI-compatible API.
struct ChatEndpoint: Sendable, Equatable {
    /// The API's root, without a slash at the end; chats go to `/chat/completions` below it.
    private let root: URLComponents

    /// Takes `http(s)://host[:port]`, to which `/v1` is added, the same with a path, or the address of `chat/completions` itself.
    init(_ text: String) throws(CommandFailure) {
        func refusal(_ reason: String) -> CommandFailure {
            CommandFailure(
                .usage, "--endpoint expects an address such as http://127.0.0.1:8080/v1: \(reason)")
        }
        guard var parts = URLComponents(string: text), let scheme = parts.scheme?.lowercased(), let host = parts.host,
            !host.isEmpty
        else { throw refusal("scheme or host is missing") }
        guard scheme == "http" || scheme == "https" else { throw refusal("the scheme is not http or https") }
        guard parts.user == nil, parts.password == nil else {
            throw refusal("it holds a user or password; keys come from the environment, see --help")
        }
        guard parts.query == nil, parts.fragment == nil else { throw refusal("it holds a ? or #") }
        var path = parts.path
        while path.hasSuffix("/") { path.removeLast() }
        if path.hasSuffix("/chat/completions") { path.removeLast("/chat/completions".count) }
        parts.path = path.isEmpty && !text.contains("/chat/completions") ? "/v1" : path
        root = parts
    }

    var completions: URL? { url("/chat/completions") }
    var models: URL? { url("/models") }
    var shown: String { root.string?.escapedForLog ?? "" }

    private func url(_ path: String) -> URL? {
        var parts = root
        parts.path += path
        return parts.url
    }

    /// Whether what is sent there stays readable for those only who may read it: encrypted, or within a machine or local network.
    var keepsSecrets: Bool {
        if root.scheme?.lowercased() == "https" { return true }
        let host = (root.host ?? "").lowercased().trimmingCharacters(in: ["[", "]"])
        var four = in_addr()
        if inet_pton(AF_INET, host, &four) == 1 {
            let address = UInt32(bigEndian: four.s_addr)
            return address >> 24 == 127 || address >> 24 == 10 || address >> 20 == 0xAC1 || address >> 16 == 0xC0A8
        }
        if host.contains(":") { return host == "::1" || host.hasPrefix("fc") || host.hasPrefix("fd") }
        let local = [".localhost", ".local", ".lan", ".internal", ".home.arpa"]
        return !host.contains(".") || local.contains { host.hasSuffix($0) }
    }
}

/// The key of a language model's API. Printed, it is three stars.
struct ChatKey: Sendable, CustomStringConvertible, CustomReflectable {
    static let variables = ["CLAVERD_LLM_KEY", "OPENAI_API_KEY"]
    private let value: String

    var description: String { "***" }
    var customMirror: Mirror { Mirror(self, children: []) }
    /// The value of the `Authorization` header.
    var authorization: String { "Bearer \(value)" }

    /// The first of `variables` that is set; `nil` without one: servers of one's own rarely want a key.
    init?(environment: [String: String]) throws(CommandFailure) {
        let set = Self.variables.compactMap { name in
            environment[name].map { (name, $0.trimmingCharacters(in: .whitespacesAndNewlines)) }
        }
        guard let (name, value) = set.first(where: { !$0.1.isEmpty }) else { return nil }
        guard value.unicodeScalars.allSatisfy({ ("!"..."~").contains($0) }) else {
            throw CommandFailure(
                .configuration, "$\(name) holds a character that no key has (a space, or beyond ASCII)")
        }
        self.value = value
    }

    /// `text` with the key masked, wherever a server repeats it.
    func masked(_ text: String) -> String { text.replacingOccurrences(of: value, with: "***") }
}
