import Foundation
import Glibc
import Synchronization

/// A running program of the mosquitto family whose output is read as it comes. Ended when nobody holds it any more.
package final class MosquittoProcess: Sendable {
    package let output = MosquittoLines()
    private let identifier: pid_t
    private let hasEnded = Mutex(false)

    /// Held while descriptors exist that a program started at the same moment must not inherit.
    private static let starting = Mutex(())

    /// Starts `program`; both its output streams go to `output`.
    package init(_ program: String, _ arguments: [String]) throws {
        let (identifier, reading) = try Self.starting.withLock { _ in try Self.spawn([program] + arguments) }
        self.identifier = identifier
        Thread.detachNewThread { [output] in
            var bytes = [UInt8](repeating: 0, count: 65536)
            while true {
                let count = read(reading, &bytes, bytes.count)
                if count <= 0 { break }
                output.append(bytes: Data(bytes.prefix(count)))
            }
            close(reading)
        }
    }

    deinit {
        stop()
    }

    /// Asks the program to end and returns its exit status when it has.
    @discardableResult
    package func stop() -> Int32 {
        kill(identifier, SIGTERM)
        return wait()
    }

    /// Returns the program's exit status when it has ended.
    private func wait() -> Int32 {
        hasEnded.withLock { hasEnded in
            if hasEnded { return 0 }
            hasEnded = true
            var status: Int32 = 0
            while waitpid(identifier, &status, 0) < 0 && errno == EINTR {}
            return status
        }
    }

    /// Runs a program to its end. Throws with its output if it fails.
    package static func run(_ program: String, _ arguments: [String]) throws {
        let process = try MosquittoProcess(program, arguments)
        let status = process.wait()
        guard status == 0 else {
            throw MosquittoLines.TimedOut(
                description: "\(program) \(arguments) ended with \(status): \(process.output.all)")
        }
    }

    private static func spawn(_ words: [String]) throws -> (pid_t, Int32) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw MosquittoPort.SocketError(operation: "pipe") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(ends[1]) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 2)
        // A thread of the dispatch library blocks all signals, and a program would inherit that.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var nothing = sigset_t()
        sigemptyset(&nothing)
        posix_spawnattr_setsigmask(&attributes, &nothing)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var identifier: pid_t = 0
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        let result = posix_spawn(&identifier, words[0], &actions, &attributes, &arguments, environ)
        guard result == 0 else {
            close(ends[0])
            throw MosquittoPort.SocketError(operation: "start of \(words[0]): \(result)")
        }
        return (identifier, ends[0])
    }
}
