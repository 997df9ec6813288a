import Foundation
import Testing

/// A datagram socket that receives what a service tells systemd.
package final class NotifySocket: Sendable {
    private let descriptor: Int32

    /// - Parameter path: a path, or with a leading `@` an abstract name.
    package init(_ path: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var bytes = Array(path.utf8)
        if bytes[0] == UInt8(ascii: "@") { bytes[0] = 0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let length = socklen_t(2 + bytes.count)
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
        }
        try #require(bound == 0)
    }

    deinit { close(descriptor) }

    /// The next datagram, which must already be there: `AF_UNIX` delivers before `sendto` returns.
    package func received() -> String { receive(Int32(MSG_DONTWAIT)) ?? "" }

    /// The lines of all datagrams from now on, until an empty one comes; each line is one assignment.
    package func follow() -> OutputLines {
        let lines = OutputLines()
        Thread.detachNewThread { [self] in
            while let text = receive(0), !text.isEmpty { lines.append(bytes: Data("\(text)\n".utf8)) }
        }
        return lines
    }

    private func receive(_ flags: Int32) -> String? {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = recv(descriptor, &buffer, buffer.count, flags)
        return count < 0 ? nil : String(decoding: buffer.prefix(count), as: UTF8.self)
    }
}
