import Dispatch
import Foundation

/// The signals that steer the daemon.
enum Signal: Sendable, CaseIterable {
    /// SIGTERM: stop in order.
    case terminate
    /// SIGINT: the same, from a terminal.
    case interrupt
    /// SIGHUP: read the configuration again.
    case hangUp

    var number: Int32 {
        switch self {
        case .terminate: SIGTERM
        case .interrupt: SIGINT
        case .hangUp: SIGHUP
        }
    }

    /// The signals as they come. When this returns none of them ends the process any more.
    static func stream(_ signals: [Signal] = Signal.allCases) -> AsyncStream<Signal> {
        let (stream, continuation) = AsyncStream.makeStream(of: Signal.self)
        let queue = DispatchQueue(label: "claverd.signals")
        let registered = DispatchGroup()
        // Only ever cancelled from the closure below, which Dispatch allows on any thread.
        nonisolated(unsafe) let sources = signals.map { signal in
            let source = DispatchSource.makeSignalSource(signal: signal.number, queue: queue)
            source.setEventHandler { continuation.yield(signal) }
            // Dispatch replaces the signal's action itself, on a thread of its own, some time after `resume`.
            registered.enter()
            source.setRegistrationHandler { registered.leave() }
            source.resume()
            return source
        }
        registered.wait()
        continuation.onTermination = { _ in
            for source in sources { source.cancel() }
        }
        return stream
    }

    /// Makes a write to a closed socket or pipe an error instead of the end of the process.
    static func ignoreBrokenPipes() {
        Foundation.signal(SIGPIPE, SIG_IGN)
    }
}
