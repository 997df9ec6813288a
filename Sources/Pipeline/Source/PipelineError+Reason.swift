extension PipelineError {
    /// The description without the name of the source, for places that show the name already.
    package var reason: String {
        switch self {
        case .sourceRefused(_, let reason), .unreadable(_, let reason), .unreachable(_, let reason),
            .badCaps(_, let reason), .unwritable(_, let reason):
            reason
        case .missingElement(let source, _, _), .unauthorised(let source):
            String(description.dropFirst(source.count + 2))
        }
    }
}
