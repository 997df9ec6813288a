import Foundation

/// What went wrong inside a pipeline, in GStreamer's terms, and what that means in ours.
package struct StreamFault: Sendable, Equatable {
    package enum Domain: String, Sendable {
        case resource = "gst-resource-error-quark"
        case stream = "gst-stream-error-quark"
        case core = "gst-core-error-quark"
        case library = "gst-library-error-quark"
    }

    /// Nil for a domain that is not GStreamer's own.
    package var domain: Domain?
    /// The code within the domain: `GstResourceError`, `GstStreamError`, ...
    package var code: Int
    package var message: String
    /// Details for developers; may show file names of the library.
    package var debug: String

    package init(domain: Domain?, code: Int, message: String, debug: String) {
        self.domain = domain
        self.code = code
        self.message = message
        self.debug = debug
    }

    /// A decoder or unpacker that GStreamer looked for in vain.
    package struct MissingPlugin: Sendable, Equatable {
        /// As GStreamer names it: `decoder`, `element`, ...
        package var kind: String
        /// Media type or element name, without further fields.
        package var detail: String

        package init(kind: String, detail: String) {
            self.kind = kind
            self.detail = detail
        }

        package func error(source: String) -> PipelineError {
            let package = kind == "element" ? DebianPackage.ofElement(detail) : DebianPackage.ofMediaType(detail)
            return .missingElement(
                source: source, element: kind == "element" ? detail : "\(kind) for \(detail)", package: package)
        }
    }

    /// True when no stream was left that could be played. From an RTSP session, where the codec plays no part yet, that means that
    /// the server refused the transport.
    package var isNothingPlayable: Bool { domain == .stream && code == StreamCode.codecNotFound.rawValue }

    /// What the debug text adds behind its line of file and function names, in parentheses.
    private var detail: String {
        guard let line = debug.firstIndex(where: \.isNewline) else { return "" }
        let rest = debug[debug.index(after: line)...].trimmingCharacters(in: .whitespacesAndNewlines)
        return rest.isEmpty ? "" : " (\(rest.prefix(200)))"
    }

    private enum ResourceCode: Int {
        case notFound = 3
        case busy = 4
        case openRead = 5
        case settings = 13
        case notAuthorised = 15
    }

    private enum StreamCode: Int {
        case failed = 1
        case typeNotFound = 4
        case wrongType = 5
        case codecNotFound = 6
        case decode = 7
        case demux = 9
        case encrypted = 12
        case encryptedNoKey = 13
    }

    /// The message, or the answer of an RTSP server that GStreamer has no message of its own for; it stands at the end of
    /// the details.
    private var reason: String {
        guard message == "Unhandled error", let answer = debug.split(separator: "\n").last else {
            return message + detail
        }
        return "the server answers \(answer)"
    }

    /// The error to report.
    /// - Parameters:
    ///   - isFile: a file cannot be "unreachable".
    ///   - missing: what GStreamer said it lacks, before this fault.
    package func error(source: String, isFile: Bool, missing: MissingPlugin?) -> PipelineError {
        let text = Redaction.parameters(Redaction.oneLine(reason))
        switch domain {
        case .resource:
            switch ResourceCode(rawValue: code) {
            case .notAuthorised: return .unauthorised(source: source)
            case _ where debug.contains("(401)") || debug.hasSuffix("Unauthorized"):
                return .unauthorised(source: source)
            case .notFound where !isFile:
                return .unreachable(source: source, reason: "there is no such stream: \(text)")
            default:
                return isFile ? .unreadable(source: source, reason: text) : .unreachable(source: source, reason: text)
            }
        case .stream:
            if let missing { return missing.error(source: source) }
            switch StreamCode(rawValue: code) {
            case .typeNotFound, .wrongType:
                return .unreadable(source: source, reason: "not a video that GStreamer can read")
            case .codecNotFound:
                return .unreadable(source: source, reason: "no decoder for it is installed: \(text)")
            case .encrypted, .encryptedNoKey:
                return .unreadable(source: source, reason: "is encrypted")
            case .decode, .demux:
                return .unreadable(source: source, reason: "not a video that GStreamer can read: \(text)")
            case .failed where !isFile && debug.contains("reason error"):
                // All that the HTTP source says about a connection that fails.
                return .unreachable(source: source, reason: "the connection failed or broke off")
            default:
                return isFile ? .unreadable(source: source, reason: text) : .unreachable(source: source, reason: text)
            }
        case .core, .library, nil:
            if let missing { return missing.error(source: source) }
            return isFile ? .unreadable(source: source, reason: text) : .unreachable(source: source, reason: text)
        }
    }
}
