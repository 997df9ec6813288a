import Foundation
import Testing

@testable import Daemon

/// A datagram socket that receives what a service tells systemd.
private final class NotifySocket {
    private let descriptor: Int32

    /// - Parameter path: a path, or with a leading `@` an abstract name.
    init(_ path: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
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
    func received() -> String {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        return count < 0 ? "" : String(decoding: buffer.prefix(count), as: UTF8.self)
    }
}

@Suite struct SystemdNotifierTests {
    @Test func isAbsentWithoutSystemd() {
        #expect(SystemdNotifier(environment: [:]) == nil)
        #expect(SystemdNotifier(environment: ["NOTIFY_SOCKET": "relative"]) == nil)
        #expect(SystemdNotifier(environment: ["NOTIFY_SOCKET": "/" + String(repeating: "x", count: 200)]) == nil)
    }

    @Test func tellsASocketInTheFileSystem() throws {
        try withTemporaryDirectory { directory in
            let socket = try NotifySocket("\(directory)/notify")
            let notifier = try #require(SystemdNotifier(environment: ["NOTIFY_SOCKET": "\(directory)/notify"]))
            #expect(notifier.notify(.ready, .status("4 cameras\nonline")))
            #expect(socket.received() == "READY=1\nSTATUS=4 cameras\\u{a}online")
            #expect(notifier.notify(.watchdog))
            #expect(socket.received() == "WATCHDOG=1")
            #expect(notifier.notify(.stopping, .extendTimeout(.milliseconds(2500))))
            #expect(socket.received() == "STOPPING=1\nEXTEND_TIMEOUT_USEC=2500000")
        }
    }

    @Test func tellsAnAbstractSocket() throws {
        let name = "@claverd-test-\(UUID().uuidString)"
        let socket = try NotifySocket(name)
        let notifier = try #require(SystemdNotifier(environment: ["NOTIFY_SOCKET": name]))
        #expect(notifier.notify(.ready))
        #expect(socket.received() == "READY=1")
    }

    @Test func sendsTheMonotonicTimeWithAReload() throws {
        let name = "@claverd-test-\(UUID().uuidString)"
        let socket = try NotifySocket(name)
        let notifier = try #require(SystemdNotifier(environment: ["NOTIFY_SOCKET": name]))
        notifier.notify(.reloading)
        let first = try #require(socket.received().wholeMatch(of: /RELOADING=1\nMONOTONIC_USEC=(\d+)/))
        notifier.notify(.reloading)
        let second = try #require(socket.received().wholeMatch(of: /RELOADING=1\nMONOTONIC_USEC=(\d+)/))
        #expect(try #require(Int64(first.1)) <= #require(Int64(second.1)))
    }

    @Test func reportsThatNobodyListens() throws {
        let notifier = try #require(SystemdNotifier(environment: ["NOTIFY_SOCKET": "@claverd-\(UUID().uuidString)"]))
        #expect(!notifier.notify(.ready))
    }

    @Test func readsTheWatchdogMeantForThisProcess() throws {
        func interval(_ variables: [String: String]) -> Duration? {
            SystemdNotifier(
                environment: variables.merging(["NOTIFY_SOCKET": "/run/notify"]) { $1 }, processIdentifier: 42)?
                .watchdogInterval
        }
        #expect(interval([:]) == nil)
        #expect(interval(["WATCHDOG_USEC": "30000000"]) == .seconds(30))
        #expect(interval(["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "42"]) == .seconds(30))
        #expect(interval(["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "43"]) == nil)
        #expect(interval(["WATCHDOG_USEC": "0"]) == nil)
        #expect(interval(["WATCHDOG_USEC": "soon"]) == nil)
    }
}
