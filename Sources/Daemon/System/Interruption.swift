import Dispatch
import Foundation
import Synchronization

/// SIGINT, SIGTERM and SIGUSR1, which `mpirun` passes on to its processes while it goes on itself, as a request to stop in order, for
/// commands that have something to save. A second one ends the process at once.
final class Interruption: Sendable {
    private let requested = Atomic<Bool>(false)
    // Set in `init`, cancelled in `deinit`, nothing between.
    nonisolated(unsafe) private let sources: [any DispatchSourceSignal]

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
                guard let self, !self.requested.exchange(true, ordering: .relaxed) else { _exit(128 + SIGINT) }
                stop()
            }
            source.resume()
        }
        registered.wait()
    }

    deinit { for source in sources { source.cancel() } }

    var isRequested: Bool { requested.load(ordering: .relaxed) }
}
