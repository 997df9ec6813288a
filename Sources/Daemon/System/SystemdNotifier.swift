import Foundation
import Pipeline

/// Tells systemd how the service is doing, over the datagram socket in `$NOTIFY_SOCKET`.
struct SystemdNotifier: Sendable {
    enum Message: Sendable, Equatable {
        case ready
        /// One line for `systemctl status`.
        case status(String)
        case watchdog
        case stopping
        /// Asks for more time to start or stop, counted from now.
        case extendTimeout(Duration)
        /// A reload begins; `ready` ends it. systemd wants the time of the monotonic clock with it.
        case reloading

        /// As `sd_notify(3)` spells it.
        fileprivate var line: String {
            switch self {
            case .ready: "READY=1"
            case .status(let text): "STATUS=\(text.escapedForLog)"
            case .watchdog: "WATCHDOG=1"
            case .stopping: "STOPPING=1"
            case .extendTimeout(let time): "EXTEND_TIMEOUT_USEC=\(time.wholeNanoseconds / 1000)"
            case .reloading: "RELOADING=1\nMONOTONIC_USEC=\(SystemdNotifier.monotonicMicroseconds)"
            }
        }
    }

    private let path: String
    /// Time within which systemd wants to hear `watchdog`; nil when it does not watch this process.
    let watchdogInterval: Duration?

    /// Nil when the process was not started by systemd with a notification socket.
    init?(environment: [String: String], processIdentifier: Int32 = getpid()) {
        guard let path = environment["NOTIFY_SOCKET"], path.hasPrefix("/") || path.hasPrefix("@"), path.utf8.count > 1,
            path.utf8.count < Self.pathCapacity
        else { return nil }
        self.path = path
        let isWatched = environment["WATCHDOG_PID"].map { $0 == "\(processIdentifier)" } ?? true
        watchdogInterval =
            isWatched
            ? environment["WATCHDOG_USEC"].flatMap(Int64.init).flatMap { $0 > 0 ? .microseconds($0) : nil } : nil
    }

    /// Sends all messages in one datagram. Returns false if systemd did not take it, which changes nothing for the caller.
    @discardableResult
    func notify(_ messages: Message...) -> Bool {
        let payload = Array(messages.map(\.line).joined(separator: "\n").utf8)
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var bytes = Array(path.utf8)
        // A leading `@` stands for the NUL of an abstract socket.
        if path.hasPrefix("@") { bytes[0] = 0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let length = socklen_t(Self.pathOffset + bytes.count)
        let sent = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(descriptor, payload, payload.count, Int32(MSG_NOSIGNAL), $0, length)
            }
        }
        return sent == payload.count
    }

    private static let pathOffset = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 2
    private static let pathCapacity = MemoryLayout<sockaddr_un>.size - pathOffset

    private static var monotonicMicroseconds: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
    }
}
