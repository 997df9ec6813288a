import Foundation
import Glibc
import Synchronization

/// A TCP relay in front of a broker, whose connections a test cuts or freezes: what a cable, a switch or a killed process
/// does.
package final class MosquittoRelay: Sendable {
    package let port: Int
    private let target: Int
    private let listening: Int32
    private let state = Mutex(State())

    private struct State {
        /// Both ends of every connection.
        var pairs: [(Int32, Int32)] = []
        var isFrozen = false
    }

    package init(to target: Int) throws {
        self.target = target
        (listening, port) = try MosquittoPort.listen()
    }

    /// Begins to relay.
    package func start() {
        Thread.detachNewThread { [self] in
            while true {
                let client = accept(listening, nil, nil)
                guard client >= 0 else { return }
                guard let broker = try? MosquittoPort.connect(to: target) else {
                    close(client)
                    continue
                }
                state.withLock { $0.pairs.append((client, broker)) }
                Thread.detachNewThread { self.copy(from: client, to: broker) }
                Thread.detachNewThread { self.copy(from: broker, to: client) }
            }
        }
    }

    /// Ends all connections without a word of MQTT.
    package func cut() {
        for (client, broker) in state.withLock({ $0.pairs }) {
            shutdown(client, Int32(SHUT_RDWR))
            shutdown(broker, Int32(SHUT_RDWR))
        }
    }

    /// From now on nothing passes, and nobody is told.
    package func freeze() {
        state.withLock { $0.isFrozen = true }
    }

    /// What is sent from now on passes again.
    package func thaw() {
        state.withLock { $0.isFrozen = false }
    }

    /// No more connections, and an end to those there are.
    package func stop() {
        shutdown(listening, Int32(SHUT_RDWR))
        cut()
    }

    private func copy(from source: Int32, to target: Int32) {
        var bytes = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = read(source, &bytes, bytes.count)
            if count <= 0 { break }
            if state.withLock({ $0.isFrozen }) { continue }
            if send(target, bytes, count, Int32(MSG_NOSIGNAL)) != count { break }
        }
        if state.withLock({ $0.isFrozen }) { return }
        shutdown(target, Int32(SHUT_RDWR))
    }
}
