import Foundation

/// Where video comes from: one of five accepted kinds, read from a path or URI.
///
/// Nothing of the text ever becomes a pipeline description: every part ends as the value of one property of one element.
package enum SourceLocation: Sendable, Equatable {
    /// A path, absolute or relative to the working directory.
    case file(path: String)
    case network(NetworkLocation)
    /// A V4L2 camera's device path, best one below `/dev/v4l/by-id`, which survives replugging.
    case device(path: String)
    case test(TestPicture)

    /// What the text of a source may be, for error messages and the manual.
    package static let acceptedForms =
        "a file's path, file:///path, rtsp://, rtsps://, http://, https://, v4l2:///dev/videoN or test://pattern"

    /// Reads a path or URI. Throws `PipelineError.sourceRefused`; its text is free of passwords.
    package init(_ text: String) throws(PipelineError) {
        func refusal(_ reason: String) -> PipelineError {
            .sourceRefused(uri: Redaction.uri(text), reason: reason)
        }
        guard !text.isEmpty else { throw refusal("is empty; accepted is \(Self.acceptedForms)") }
        guard text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F }) else {
            throw refusal("contains a control character")
        }
        guard let scheme = Self.scheme(of: text) else {
            self = .file(path: text)
            return
        }
        let rest = String(text.dropFirst(scheme.count + 1))
        guard rest.hasPrefix("//") else { throw refusal("is not accepted; accepted is \(Self.acceptedForms)") }
        let body = String(rest.dropFirst(2))
        do throws(Refusal) {
            switch scheme.lowercased() {
            case "file": self = .file(path: try Self.localPath(body, scheme: "file"))
            case "v4l2": self = .device(path: try Self.devicePath(body))
            case "test": self = .test(try TestPicture(body))
            case let known where NetworkLocation.Scheme(rawValue: known) != nil:
                self = .network(try NetworkLocation(scheme: known, body: body))
            default: throw Refusal("scheme '\(scheme)' is not accepted; accepted is \(Self.acceptedForms)")
            }
        } catch {
            throw refusal(error.reason)
        }
    }

    /// True when frames come at the source's own pace and the source is retried for ever.
    package var isLive: Bool {
        switch self {
        case .file: false
        case .network, .device: true
        case .test(let picture): picture.frames == nil
        }
    }

    /// The text with user, password and secrets in the query taken out.
    package var redacted: String {
        switch self {
        case .file(let path): path
        case .network(let location): location.redacted
        case .device(let path): "v4l2://\(path)"
        case .test(let picture): "test://\(picture.pattern)"
        }
    }

    /// The text before the first colon if it reads as a URI scheme; a path with a colon starts with `/` or `./`.
    private static func scheme(of text: String) -> String? {
        guard let colon = text.firstIndex(of: ":"), colon != text.startIndex else { return nil }
        let head = text[..<colon]
        let letters = head.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "+-.".contains($0)) }
        return letters && head.first?.isLetter == true ? String(head) : nil
    }

    /// Percent-decodes the path of `file:` and `v4l2:`; the host must be absent or `localhost`.
    private static func localPath(_ body: String, scheme: String) throws(Refusal) -> String {
        let path = body.hasPrefix("localhost/") ? String(body.dropFirst("localhost".count)) : body
        guard path.hasPrefix("/") else {
            throw Refusal("names a host; write \(scheme):///path with three slashes")
        }
        guard let decoded = path.removingPercentEncoding, !decoded.unicodeScalars.contains("\0") else {
            throw Refusal("has a percent escape that is no text")
        }
        return decoded
    }

    private static func devicePath(_ body: String) throws(Refusal) -> String {
        let path = try localPath(body, scheme: "v4l2")
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        let plain = parts.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." }
        let number = path.hasPrefix("/dev/video") ? path.dropFirst("/dev/video".count) : ""
        let numbered = !number.isEmpty && number.allSatisfy { $0.isASCII && $0.isNumber }
        let stable = path.hasPrefix("/dev/v4l/by-id/") || path.hasPrefix("/dev/v4l/by-path/")
        guard plain, numbered || stable else {
            throw Refusal(
                "is no V4L2 device; accepted is /dev/videoN or a path below /dev/v4l/by-id or /dev/v4l/by-path")
        }
        return path
    }
}

extension SourceLocation: CustomStringConvertible, CustomDebugStringConvertible {
    package var description: String { redacted }
    package var debugDescription: String { redacted }
}

/// Why a text is no source; becomes `PipelineError.sourceRefused` together with the redacted text.
struct Refusal: Error {
    let reason: String
    init(_ reason: String) { self.reason = reason }
}
