import Foundation
import TestSupport
import Testing

@testable import Daemon

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
