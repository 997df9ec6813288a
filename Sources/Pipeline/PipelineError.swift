/// What can go wrong between a URI and an event.
package enum PipelineError: Error, Equatable, CustomStringConvertible, Sendable {
    /// A source's URI is not one of the accepted forms. `uri` is already free of passwords.
    case sourceRefused(uri: String, reason: String)
    /// The file or stream cannot be read as video.
    case unreadable(source: String, reason: String)
    /// GStreamer lacks an element; `package` is the Debian package that has it, when known.
    case missingElement(source: String, element: String, package: String?)
    /// The camera refuses the user or password.
    case unauthorised(source: String)
    /// The other side could not be reached or went away.
    case unreachable(source: String, reason: String)
    /// A decoded frame lacks something that must not be guessed.
    case badCaps(source: String, reason: String)
    /// A video cannot be written, such as for want of room.
    case unwritable(file: String, reason: String)

    package var description: String {
        switch self {
        case .sourceRefused(let uri, let reason): "source \(uri): \(reason)"
        case .unreadable(let source, let reason): "\(source): \(reason)"
        case .missingElement(let source, let element, let package):
            "\(source): GStreamer has no \(element)"
                + (package.map { "; install the Debian package \($0)" } ?? "")
        case .unauthorised(let source): "\(source): the camera refuses the user or password"
        case .unreachable(let source, let reason): "\(source): \(reason)"
        case .badCaps(let source, let reason): "\(source): \(reason)"
        case .unwritable(let file, let reason): "\(file): \(reason)"
        }
    }
}
