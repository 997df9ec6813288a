import Foundation
import Pipeline
import Synchronization

/// What crosses between the tasks that hand messages over and the thread that talks to the broker.
final class MQTTMailbox: Sendable {
    enum Command: Sendable {
        case event(ActionEvent, payload: Data)
        case camera(String, CameraState)
        case top(camera: String, payload: Data)
        case stop(deadline: ContinuousClock.Instant)
    }

    private struct Waiter {
        let number: UInt64
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var commands: [Command] = []
        var waiters: [DeliveryLedger.Key: [Waiter]] = [:]
        /// Callers that were cancelled before they began to wait.
        var cancelled: Set<UInt64> = []
        var lastNumber: UInt64 = 0
        var isClosed = false
    }

    let pipe: WakePipe
    private let state = Mutex(State())

    init() throws {
        pipe = try WakePipe()
    }

    /// Leaves a command for the thread.
    func post(_ command: Command) {
        state.withLock { $0.commands.append(command) }
        pipe.wake()
    }

    /// The commands so far, in order; the thread carries all of them out.
    func take() -> [Command] {
        pipe.clear()
        return state.withLock { state in
            defer { state.commands = [] }
            return state.commands
        }
    }

    /// Leaves an event and waits until `settle` names it. When the task is cancelled the wait ends at once, whatever the
    /// thread is doing; the event stays on its way.
    func send(_ event: ActionEvent, payload: Data) async throws {
        let key = DeliveryLedger.Key(event)
        let number = state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
        defer { state.withLock { _ = $0.cancelled.remove(number) } }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let refusal: (any Error)? = state.withLock { state in
                    if state.cancelled.remove(number) != nil { return CancellationError() }
                    if state.isClosed { return PluginError.stopped }
                    state.waiters[key, default: []].append(Waiter(number: number, continuation: continuation))
                    state.commands.append(.event(event, payload: payload))
                    return nil
                }
                if let refusal { continuation.resume(throwing: refusal) } else { pipe.wake() }
            }
        } onCancel: {
            let waiter = state.withLock { state -> Waiter? in
                if let index = state.waiters[key]?.firstIndex(where: { $0.number == number }) {
                    return state.waiters[key]?.remove(at: index)
                }
                state.cancelled.insert(number)
                return nil
            }
            waiter?.continuation.resume(throwing: CancellationError())
        }
    }

    /// Tells everybody who waits for the event; false if nobody does.
    func settle(_ key: DeliveryLedger.Key, _ error: PluginError?) -> Bool {
        let waiters = state.withLock { $0.waiters.removeValue(forKey: key) } ?? []
        for waiter in waiters { Self.resume(waiter, error) }
        return !waiters.isEmpty
    }

    /// The thread is done: nobody waits any longer, and nobody will.
    func close() {
        let waiters = state.withLock { state in
            state.isClosed = true
            defer { state.waiters = [:] }
            return state.waiters.values.flatMap { $0 }
        }
        for waiter in waiters { Self.resume(waiter, .stopped) }
    }

    private static func resume(_ waiter: Waiter, _ error: PluginError?) {
        if let error { waiter.continuation.resume(throwing: error) } else { waiter.continuation.resume() }
    }
}
