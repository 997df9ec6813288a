package import Foundation
import Synchronization

/// A program that runs beside the test; its output is read as it comes. Ended when nobody holds it any more.
package final class RunningProgram: Sendable {
    /// Lines of standard output, and of standard error unless `errors` was separated.
    package let output: OutputLines
    package let errors: OutputLines
    private let child: Child

    /// Held while descriptors exist that a program started at the same moment must not inherit.
    private static let starting = Mutex(())

    /// - Parameters:
    ///   - environment: of the program; that of the test unless given.
    ///   - separatesErrors: whether standard error goes to `errors` rather than to `output`.
    package init(
        _ program: String, _ arguments: [String], environment: [String: String]? = nil, separatesErrors: Bool = false
    ) throws {
        output = OutputLines()
        errors = separatesErrors ? OutputLines() : output
        let (identifier, ends) = try Self.starting.withLock { _ in
            try Self.spawn([program] + arguments, environment: environment, separatesErrors: separatesErrors)
        }
        child = Child(identifier)
        for (reading, lines) in zip(ends, [output, errors]) {
            child.follow { lines.append(from: reading) }
        }
    }

    package var identifier: pid_t { child.identifier }

    deinit {
        send(SIGKILL)
    }

    /// Sends a signal; does nothing once the program has ended.
    package func send(_ signal: Int32) {
        child.send(signal)
    }

    /// Asks the program to end and returns its exit status when it has, as `exitStatus` does.
    @discardableResult
    package func stop() -> Int32 {
        send(SIGTERM)
        return child.wait()
    }

    /// Waits until the program has ended and its output is read. Its exit status, or 128 and the signal that killed it.
    /// Kills it and throws `TimedOut` with its output after `limit`.
    @discardableResult
    package func exitStatus(within limit: Duration = .seconds(60)) async throws -> Int32 {
        let end = DispatchTime.now() + limit / .seconds(1)
        let status = await withCheckedContinuation { continuation in
            Thread.detachNewThread { [child] in continuation.resume(returning: child.wait(until: end)) }
        }
        guard let status else {
            send(SIGKILL)
            throw OutputLines.TimedOut(
                description: "still running after \(limit): \(output.all.suffix(20)) \(errors.all.suffix(20))")
        }
        return status
    }

    /// Runs a program to its end. Throws with its output if it fails.
    package static func run(_ program: String, _ arguments: [String]) throws {
        let process = try RunningProgram(program, arguments)
        let status = process.child.wait()
        guard status == 0 else {
            throw OutputLines.TimedOut(
                description: "\(program) \(arguments) ended with \(status): \(process.output.all)")
        }
    }

    /// The process and the reading ends of its one or two pipes.
    private static func spawn(
        _ words: [String], environment: [String: String]?, separatesErrors: Bool
    ) throws -> (pid_t, [Int32]) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        let pipes = try (0..<(separatesErrors ? 2 : 1)).map { _ in try closedOnStart() }
        defer { for pipe in pipes { close(pipe.writing) } }
        posix_spawn_file_actions_adddup2(&actions, pipes[0].writing, 1)
        posix_spawn_file_actions_adddup2(&actions, pipes[pipes.count - 1].writing, 2)
        // A thread of the dispatch library blocks all signals, and a program would inherit that.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var nothing = sigset_t()
        sigemptyset(&nothing)
        posix_spawnattr_setsigmask(&attributes, &nothing)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var identifier: pid_t = 0
        let variables = environment.map { $0.map { "\($0.key)=\($0.value)" } }
        let result = withCStrings(words) { arguments in
            guard let variables else {
                return posix_spawn(&identifier, words[0], &actions, &attributes, arguments, environ)
            }
            return withCStrings(variables) {
                posix_spawn(&identifier, words[0], &actions, &attributes, arguments, $0)
            }
        }
        guard result == 0 else {
            for pipe in pipes { close(pipe.reading) }
            throw MosquittoPort.SocketError(operation: "start of \(words[0]): \(result)")
        }
        return (identifier, pipes.map(\.reading))
    }

    private static func closedOnStart() throws -> (reading: Int32, writing: Int32) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw MosquittoPort.SocketError(operation: "pipe") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }

    private static func withCStrings<R>(
        _ words: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> R
    ) -> R {
        var copies: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for copy in copies { free(copy) } }
        return copies.withUnsafeMutableBufferPointer { body($0.baseAddress!) }
    }
}

/// A process of ours, from its start until it has ended and its output is read.
private final class Child: Sendable {
    let identifier: pid_t
    /// How it ended; nil while it runs. Held while a signal is sent, so that none goes to another process.
    private let status = Mutex<Int32?>(nil)
    private let running = DispatchGroup()

    init(_ identifier: pid_t) {
        self.identifier = identifier
        follow { self.reap() }
    }

    /// Runs `body` on a thread of its own; `wait` waits for it too.
    func follow(_ body: @escaping @Sendable () -> Void) {
        running.enter()
        Thread.detachNewThread { [running] in
            body()
            running.leave()
        }
    }

    func send(_ signal: Int32) {
        status.withLock { if $0 == nil { kill(identifier, signal) } }
    }

    func wait() -> Int32 {
        running.wait()
        return status.withLock { $0 ?? 0 }
    }

    func wait(until end: DispatchTime) -> Int32? {
        running.wait(timeout: end) == .success ? wait() : nil
    }

    private func reap() {
        // Waits without collecting first, so that the identifier stays this program's while signals may be sent.
        var information = siginfo_t()
        while waitid(P_PID, id_t(identifier), &information, WEXITED | WNOWAIT) < 0 && errno == EINTR {}
        status.withLock { status in
            var word: Int32 = 0
            while waitpid(identifier, &word, 0) < 0 && errno == EINTR {}
            status = word & 0x7f == 0 ? (word >> 8) & 0xff : 128 + (word & 0x7f)
        }
    }
}

extension OutputLines {
    /// Takes in everything that comes through a pipe, then closes it.
    fileprivate func append(from reading: Int32) {
        var bytes = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = read(reading, &bytes, bytes.count)
            if count <= 0 { break }
            append(bytes: Data(bytes.prefix(count)))
        }
        close(reading)
    }
}
