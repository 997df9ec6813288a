import Foundation
import Glibc

/// The sending end of journald's socket. Holds no connection: journald may restart between two entries.
final class JournalSocket: Sendable {
    private let path: String
    private let descriptor: Int32

    /// Throws `PluginError` if the process may open no more sockets.
    init(path: String) throws {
        self.path = path
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw PluginError.journal(socket: path, reason: systemErrorText()) }
    }

    deinit {
        close(descriptor)
    }

    /// Sends one entry. May block while journald is busy.
    func send(_ datagram: Data) throws {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let fits = withUnsafeMutableBytes(of: &address.sun_path) { target in
            guard path.utf8.count < target.count else { return false }
            target.copyBytes(from: path.utf8)
            return true
        }
        guard fits else { throw PluginError.journal(socket: path, reason: "the path is too long for a socket") }
        let sent = datagram.withUnsafeBytes { bytes in
            withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { target in
                    while true {
                        let count = sendto(
                            descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL), target,
                            socklen_t(MemoryLayout<sockaddr_un>.size))
                        if count >= 0 || errno != EINTR { return count }
                    }
                }
            }
        }
        if sent < 0 { throw PluginError.journal(socket: path, reason: systemErrorText()) }
    }
}
