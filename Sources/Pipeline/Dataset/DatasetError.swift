/// What can be wrong with a data set's lists, archives and annotation files.
package enum DatasetError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A file or folder could not be opened, read or made.
    case io(path: String, operation: Operation, reason: String)
    /// A file is not what it should be; nothing of it was used. `line` counts from 1.
    case malformed(path: String, line: Int?, reason: String)
    /// More was asked for than there is.
    case notEnough(reason: String)

    package enum Operation: String, Sendable {
        case open, read, create, write
    }

    package var description: String {
        switch self {
        case .io(let path, let operation, let reason): "cannot \(operation.rawValue) \(path): \(reason)"
        case .malformed(let path, let line?, let reason): "\(path): line \(line): \(reason)"
        case .malformed(let path, nil, let reason): "\(path): \(reason)"
        case .notEnough(let reason): reason
        }
    }
}
