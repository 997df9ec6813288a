import Foundation
import Pipeline

/// Why a request to a language model brought no answer.
enum ChatFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// No connection, or one that broke.
    case unreachable(String)
    case timedOut(Duration)
    /// The server's certificate is not trusted.
    case untrusted(String)
    case refused(status: Int, message: String, retryAfter: Duration?)
    case redirected(status: Int, location: String)
    /// An answer that is none of the protocol's.
    case malformed(String)
    /// The account has no money left: also a 429, which waiting does not mend.
    case quotaSpent(String)

    /// Whether the same request may succeed later.
    var isPassing: Bool {
        switch self {
        case .unreachable, .timedOut, .malformed: true
        case .refused(let status, _, _): [408, 409, 425, 429].contains(status) || (500...599).contains(status)
        case .untrusted, .redirected, .quotaSpent: false
        }
    }

    /// How long the server asks to wait.
    var retryAfter: Duration? {
        if case .refused(_, _, let wait) = self { wait } else { nil }
    }

    var exitStatus: ExitStatus {
        switch self {
        case .malformed: .dataError
        case .refused(let status, _, _) where status == 400 || status == 404 || status == 422: .usage
        case .redirected: .usage
        case .refused, .unreachable, .timedOut, .untrusted, .quotaSpent: .unavailable
        }
    }

    var description: String {
        switch self {
        case .unreachable(let reason): "no connection (\(reason)); is the server running?"
        case .timedOut(let limit): "no answer within \(limit.settingText); is --timeout long enough for the model?"
        case .untrusted(let reason): "the server's certificate is not trusted (\(reason))"
        case .redirected(let status, let location):
            "status \(status): sent on to \(location), which is not followed; pass that address to --endpoint"
        case .malformed(let reason): "the answer is not one of the chat-completions protocol: \(reason)"
        case .quotaSpent(let message): "status 429, the account's quota is spent: \(message)"
        case .refused(let status, let message, _):
            "status \(status)" + (message.isEmpty ? "" : ": \(message)") + (Self.advice(status).map { "; \($0)" } ?? "")
        }
    }

    private static func advice(_ status: Int) -> String? {
        switch status {
        case 401: "set a valid key in $\(ChatKey.variables.joined(separator: " or $"))"
        case 403: "the key in the environment may not use this model or address"
        case 404: "check --llm and the path of --endpoint, which usually ends in /v1"
        case 413, 422, 400: "the server takes no such request; check --llm, --temperature and --top-p"
        default: nil
        }
    }

    /// Reads a `Retry-After` header: seconds, or a date.
    static func retryAfter(_ header: String?, now: Date) -> Duration? {
        guard let header = header?.trimmingCharacters(in: .whitespaces), !header.isEmpty else { return nil }
        if let seconds = Double(header) {
            return (0...1e7).contains(seconds) ? .seconds(seconds) : nil
        }
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.timeZone = TimeZone(identifier: "GMT")
        format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss zzz"
        return format.date(from: header).map { .seconds(min(max($0.timeIntervalSince(now), 0), 1e7)) }
    }
}
