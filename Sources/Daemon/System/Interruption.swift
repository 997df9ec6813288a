import Dispatch
import Foundation
import Synchronization

/// SIGINT, SIGTERM and SIGUSR1, which `mpirun` passes on to its processes while it goes on itself, as a request to stop in order, for
/// commands that have something to save. A second one ends the process at once; unless it comes within a second, as from `timeout`,
/// which sends one to its child and one to the group of both.
final class Interruption: Sendable {
    private let requestedAt = Mutex<ContinuousClock.Instant?>(nil)
    // Set in `init`, cancelled in `deinit`, nothing between.
    nonisolated(unsafe) private let sources: [any DispatchSourceSignal]

    private static let sameRequest = Duration.seconds(1)

    /// - Parameter stop: called once, on a queue of its own.
    init(_ stop: @escaping @Sendable () -> Void) {
        let queue = DispatchQueue(label: "claverd.interruption")
        let registered = DispatchGroup()
        sources = [SIGINT, SIGTERM, SIGUSR1].map { signal in
            let source = DispatchSource.makeSignalSource(signal: signal, queue: queue)
            registered.enter()
            source.setRegistrationHandler { registered.leave() }
            return source
        }
        for source in sources {
            source.setEventHandler { [weak self] in
                guard let self else { _exit(128 + SIGINT) }
                let (isFirst, isHaste) = self.requestedAt.withLock { first in
                    guard let first else {
                        first = .now
                        return (true, false)
                    }
                    return (false, ContinuousClock.now - first >= Self.sameRequest)
                }
                if isHaste { _exit(128 + SIGINT) }
                if isFirst { stop() }
            }
            source.resume()
        }
        registered.wait()
    }

    deinit { for source in sources { source.cancel() } }

    var isRequested: Bool { requestedAt.withLock { $0 != nil } }
}
