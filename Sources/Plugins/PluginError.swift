/// What can go wrong between an event and its destination.
package enum PluginError: Error, Equatable, CustomStringConvertible, Sendable {
    /// A file or stream could not be opened, written, renamed or flushed.
    case file(path: String, operation: String, reason: String)
    /// journald's socket did not take an entry.
    case journal(socket: String, reason: String)
    /// The broker refuses a message; sending it again changes nothing until the broker's rules change.
    case refusedByBroker(topic: String, reason: String)
    /// So many events wait for the broker that no more are taken; nothing that waits is lost.
    case tooManyWaiting(limit: Int)
    /// The sink has been stopped and the event was not confirmed.
    case stopped

    package var description: String {
        switch self {
        case .file(let path, let operation, let reason): "cannot \(operation) \(path): \(reason)"
        case .journal(let socket, let reason): "journald (\(socket)) does not take the entry: \(reason)"
        case .refusedByBroker(let topic, let reason): "the broker refuses a message on \(topic): \(reason)"
        case .tooManyWaiting(let limit): "\(limit) events wait for the broker already"
        case .stopped: "the sink was stopped before the event was confirmed"
        }
    }
}
