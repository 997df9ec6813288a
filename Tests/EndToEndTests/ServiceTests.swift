import Foundation
import TestSupport
import Testing

/// `claverd run` as systemd starts it: a notification socket and a watchdog.
@Suite(.timeLimit(.minutes(2))) struct ServiceTests {
    @Test func tellsSystemdWhatItDoes() async throws {
        let site = try DaemonSite()
        try site.configure("cameras: [{name: bars, source: \"test://smpte?width=64&height=64&rate=10\"}]")
        let socket = try NotifySocket(site.path("notify"))
        let told = socket.follow()
        let program = try site.start(environment: ["NOTIFY_SOCKET": site.path("notify"), "WATCHDOG_USEC": "1000000"])
        try await told.wait(for: "pings") { $0.count { $0 == "WATCHDOG=1" } >= 3 }
        try await told.wait(containing: "STATUS=1 of 1 cameras online")
        program.send(SIGTERM)
        #expect(try await program.exitStatus(within: .seconds(10)) == 0)
        let lines = try await told.wait(for: "the goodbye") { $0.contains("STOPPING=1") }
        let loading = try #require(lines.firstIndex(of: "STATUS=loading the model"))
        let ready = try #require(lines.firstIndex(of: "READY=1"))
        #expect(loading < ready && lines.count { $0 == "READY=1" } == 1)
        #expect(!lines[..<ready].contains("WATCHDOG=1"))
        #expect(lines[ready...].contains("STATUS=watching 1 cameras"))
    }

    @Test func isNeverReadyWithoutAModel() async throws {
        let site = try DaemonSite()
        try FileManager.default.createDirectory(atPath: site.path("model"), withIntermediateDirectories: true)
        try site.write("model/config.json", Array("{}".utf8))
        try site.configure("cameras: [{name: bars, source: \"test://smpte\"}]", model: "./model")
        let socket = try NotifySocket(site.path("notify"))
        let told = socket.follow()
        let program = try site.start(environment: ["NOTIFY_SOCKET": site.path("notify")])
        #expect(try await program.exitStatus() == 65)
        try await told.wait(containing: "STATUS=loading the model")
        #expect(!told.all.contains("READY=1"))
    }

    @Test func staysReadyWhileNoCameraAnswers() async throws {
        let site = try DaemonSite()
        let nobody = try MosquittoPort.free()
        try site.configure("cameras: [{name: gone, source: \"rtsp://127.0.0.1:\(nobody)/x\"}]")
        let socket = try NotifySocket(site.path("notify"))
        let told = socket.follow()
        let program = try site.start(environment: ["NOTIFY_SOCKET": site.path("notify"), "WATCHDOG_USEC": "500000"])
        try await told.wait(containing: "STATUS=0 of 1 cameras online")
        try await told.wait(for: "pings") { $0.count { $0 == "WATCHDOG=1" } >= 3 }
        program.send(SIGINT)
        #expect(try await program.exitStatus(within: .seconds(10)) == 0)
    }
}
