package import Foundation
import Synchronization

/// Lines of text that come from elsewhere (a process, a report) and that a test waits for, with a limit.
package final class OutputLines: Sendable {
    package struct TimedOut: Error, CustomStringConvertible {
        package let description: String
    }

    private struct Waiter {
        let number: Int
        let isSatisfied: @Sendable ([String]) -> Bool
        let continuation: CheckedContinuation<[String], any Error>
    }

    private struct State {
        var lines: [String] = []
        var partial = Data()
        var waiters: [Waiter] = []
        var lastNumber = 0
    }

    private let state = Mutex(State())

    package init() {}

    package var all: [String] { state.withLock { $0.lines } }

    /// Adds whatever complete lines `bytes` brings to an end.
    package func append(bytes: Data) {
        change { state in
            state.partial.append(bytes)
            while let end = state.partial.firstIndex(of: UInt8(ascii: "\n")) {
                state.lines.append(String(decoding: state.partial[..<end], as: UTF8.self))
                state.partial = Data(state.partial[(end + 1)...])
            }
        }
    }

    package func append(_ line: String) {
        change { $0.lines.append(line) }
    }

    /// Waits until the lines so far satisfy `condition` and returns them. Throws `TimedOut` with the latest lines after `limit`.
    @discardableResult
    package func wait(
        for what: String, within limit: Duration = .seconds(60), until condition: @escaping @Sendable ([String]) -> Bool
    ) async throws -> [String] {
        let number = state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
        let timer = Task {
            try await Task.sleep(for: limit)
            let late = state.withLock { state -> (Waiter, [String])? in
                guard let index = state.waiters.firstIndex(where: { $0.number == number }) else { return nil }
                return (state.waiters.remove(at: index), state.lines)
            }
            late?.0.continuation.resume(
                throwing: TimedOut(description: "no \(what) within \(limit); lately: \(late?.1.suffix(20) ?? [])"))
        }
        defer { timer.cancel() }
        return try await withCheckedThrowingContinuation { continuation in
            let ready = state.withLock { state -> [String]? in
                if condition(state.lines) { return state.lines }
                state.waiters.append(Waiter(number: number, isSatisfied: condition, continuation: continuation))
                return nil
            }
            if let ready { continuation.resume(returning: ready) }
        }
    }

    /// Waits for a line that contains `part`.
    package func wait(containing part: String, within limit: Duration = .seconds(60)) async throws {
        try await wait(for: "\"\(part)\"", within: limit) { $0.contains { $0.contains(part) } }
    }

    private func change(_ body: (inout State) -> Void) {
        let (ready, lines) = state.withLock { state in
            body(&state)
            let lines = state.lines
            let ready = state.waiters.filter { $0.isSatisfied(lines) }
            state.waiters.removeAll { waiter in ready.contains { $0.number == waiter.number } }
            return (ready, lines)
        }
        for waiter in ready { waiter.continuation.resume(returning: lines) }
    }
}
