/// What can be wrong with the files that an evaluation leaves and finds.
package enum EvaluationError: Error, Equatable, CustomStringConvertible {
    /// A file could not be read or written.
    case io(path: String, operation: String, reason: String)
    /// A file is not what an evaluation writes.
    case malformed(path: String, reason: String)
    /// A file belongs to another evaluation; each difference is a line of its own.
    case different(path: String, differences: [String])
    /// The parts to be merged do not make a whole.
    case incomplete(reason: String)

    package var description: String {
        switch self {
        case .io(let path, let operation, let reason): "cannot \(operation) \(path): \(reason)"
        case .malformed(let path, let reason): "\(path): \(reason)"
        case .different(let path, let differences):
            "\(path) belongs to another evaluation: " + differences.joined(separator: "; ")
        case .incomplete(let reason): reason
        }
    }
}
