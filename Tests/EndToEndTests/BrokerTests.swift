import Foundation
import Pipeline
import TestSupport
import Testing

/// `claverd run` beside a real mosquitto, seen through `mosquitto_sub`.
@Suite(.tags(.mqtt), .timeLimit(.minutes(3))) struct BrokerTests {
    /// A line of `mosquitto_sub`: topic below `claverd/site/`, quality of service, retain flag, payload.
    private struct Message: Equatable {
        let topic: String
        let flags: String
        let payload: String

        init?(_ line: String) {
            let parts = line.split(separator: " ", maxSplits: 3).map(String.init)
            guard parts.count == 4, parts[0].hasPrefix("claverd/site/") else { return nil }
            topic = String(parts[0].dropFirst("claverd/site/".count))
            flags = "\(parts[1]) \(parts[2])"
            payload = parts[3]
        }

        var event: ActionEvent? { topic == "events" ? try? EventJSON.decode(Data(payload.utf8)) : nil }
    }

    private static func messages(_ lines: [String]) -> [Message] { lines.compactMap(Message.init) }

    private static func payloads(_ lines: [String], _ topic: String) -> [String] {
        messages(lines).filter { $0.topic == topic }.map(\.payload)
    }

    /// A live camera on which some event is open nearly always and told of ten times a second, whatever the model sees.
    private func configureLive(_ site: DaemonSite, port: Int, more: String = "") throws {
        try site.configure(
            """
            sampling: {every: 100ms}
            events: {enter: 0.04, exit: 0.001, min_windows: 1, hold: 100ms, update_every: 100ms}
            actions: [waving, jumping]
            ignore: [empty room]
            cameras:
              - {name: live, source: "test://ball?width=64&height=64&rate=10"}
            \(more)
            """,
            sinks: "[{log: {format: json}}, {mqtt: {host: 127.0.0.1, port: \(port), keepalive: 10s}}]")
    }

    @Test func publishesTheSampleAsDocumented() async throws {
        let broker = try MosquittoBroker()
        try await broker.start()
        let subscriber = try await broker.subscriber()
        let site = try DaemonSite()
        try site.configure(
            "cameras: [{name: demo, source: \(DaemonSite.sample)}]",
            sinks: "[{log: {format: json}}, {mqtt: {host: 127.0.0.1, port: \(broker.port)}}]")
        let program = try site.start()
        #expect(try await program.exitStatus() == 0)
        let lines = try await subscriber.output.wait(for: "the goodbye") {
            Self.payloads($0, "status").contains("stopped")
        }
        let messages = Self.messages(lines)
        #expect(Self.payloads(lines, "status") == ["online", "stopped"])
        #expect(Self.payloads(lines, "demo/status").last == "disabled")
        #expect(messages.compactMap(\.event) == DaemonOutput(program.output.all).events)
        #expect(messages.filter { $0.topic == "events" }.allSatisfy { $0.flags == "1 0" })
        #expect(messages.filter { $0.topic.hasSuffix("/top") }.allSatisfy { $0.flags == "0 0" })
        let retained = messages.filter { $0.topic.hasSuffix("status") || $0.topic.hasSuffix("/state") }
        #expect(retained.allSatisfy { $0.flags == "1 1" })
        #expect(Self.payloads(lines, "demo/action/waving/state") == ["OFF", "ON", "OFF"])
        #expect(Self.payloads(lines, "demo/action/falling-down/state") == ["OFF", "ON", "OFF"])
        #expect(Self.payloads(lines, "demo/action/bowing/state") == ["OFF"])
        #expect(!messages.contains { $0.topic.contains("standing-still") })

        let later = try await broker.subscriber()
        let kept = try await later.output.wait(for: "what the broker kept") {
            Self.messages($0).count { $0.topic.hasSuffix("/state") } == 13
        }
        #expect(Self.payloads(kept, "status") == ["stopped"])
        #expect(Self.payloads(kept, "demo/status") == ["disabled"])
        #expect(Self.messages(kept).allSatisfy { !$0.topic.hasSuffix("/state") || $0.payload == "OFF" })
    }

    @Test func goesOnWithoutItsBrokerAndCatchesUp() async throws {
        let broker = try MosquittoBroker()
        try await broker.start()
        let before = try await broker.subscriber()
        let site = try DaemonSite()
        try configureLive(
            site, port: broker.port, more: "  - {name: demo, source: \(DaemonSite.sample), sampling: {every: 500ms}}")
        let program = try site.start()
        try await before.output.wait(for: "events") { Self.messages($0).compactMap(\.event).count >= 20 }
        try await before.output.wait(for: "the end of the file") {
            Self.payloads($0, "demo/status").contains("disabled")
        }

        broker.stop()
        let atStop = DaemonOutput(program.output.all).events.count
        try await program.output.wait(for: "events without a broker") { DaemonOutput($0).events.count >= atStop + 10 }
        try await broker.start()
        let after = try await broker.subscriber()
        let atStart = DaemonOutput(program.output.all).events.last?.seq ?? .max
        try await after.output.wait(for: "events from after the restart") {
            Self.messages($0).compactMap(\.event).contains { $0.seq > atStart }
        }

        program.send(SIGTERM)
        #expect(try await program.exitStatus(within: .seconds(10)) == 0)
        let lines = try await after.output.wait(for: "the goodbye") { Self.payloads($0, "status").contains("stopped") }
        let told = DaemonOutput(program.output.all).events
        let seen =
            Self.messages(before.output.all).compactMap(\.event).map(\.seq)
            + Self.messages(lines).compactMap(\.event).map(\.seq)
        #expect(Set(told.map(\.seq)).subtracting(seen).isEmpty)
        let late = Self.messages(lines).compactMap(\.event).map(\.seq)
        #expect(late == late.sorted())
        #expect(Self.payloads(lines, "status") == ["online", "stopped"])
        #expect(Self.payloads(lines, "live/status").first == "online")
        #expect(Self.payloads(lines, "demo/status").first == "disabled")
        #expect(program.errors.all.contains { $0.contains("mqtt: connected to 127.0.0.1:\(broker.port)") })
    }

    @Test func handsWhatWaitsOnWhenItReadsItsConfigurationAgain() async throws {
        let broker = try MosquittoBroker()
        let site = try DaemonSite()
        try configureLive(site, port: broker.port)
        let program = try site.start()
        try await program.output.wait(for: "events without a broker") { DaemonOutput($0).events.count >= 10 }
        try configureLive(site, port: broker.port, more: "log: {level: warning}")
        program.send(SIGHUP)
        try await program.output.wait(for: "events after the reload") { lines in
            let events = DaemonOutput(lines).events
            guard let last = events.last(where: { $0.endReason == .reload }) else { return false }
            return events.contains { $0.type == .new && $0.seq > last.seq }
        }
        let atReload = DaemonOutput(program.output.all).events.last { $0.endReason == .reload }?.seq ?? .max
        try await broker.start()
        let subscriber = try await broker.subscriber()
        let lines = try await subscriber.output.wait(for: "events from after the reload") {
            Self.messages($0).compactMap(\.event).contains { $0.seq > atReload }
        }
        program.send(SIGTERM)
        #expect(try await program.exitStatus(within: .seconds(10)) == 0)
        let seen = Self.messages(lines).compactMap(\.event)
        #expect(seen.map(\.seq) == seen.map(\.seq).sorted())
        let before = DaemonOutput(program.output.all).events.filter { $0.seq <= atReload }
        #expect(Set(before.map(\.seq)).subtracting(seen.map(\.seq)).isEmpty)
        #expect(seen.filter { $0.seq <= atReload }.allSatisfy { $0.late })
    }

    @Test func endsItsEventsAndSaysGoodbyeWhenTerminated() async throws {
        let broker = try MosquittoBroker()
        try await broker.start()
        let subscriber = try await broker.subscriber()
        let site = try DaemonSite()
        try configureLive(site, port: broker.port)
        let program = try site.start()
        try await subscriber.output.wait(for: "an action") { lines in
            Self.messages(lines).contains { $0.payload == "ON" }
        }
        program.send(SIGTERM)
        #expect(try await program.exitStatus(within: .seconds(10)) == 0)
        let lines = try await subscriber.output.wait(for: "the goodbye") {
            Self.payloads($0, "status").contains("stopped")
        }
        let events = Self.messages(lines).compactMap(\.event)
        let begun = Set(events.filter { $0.type == .new }.map(\.id))
        let ends = events.filter { $0.type == .end }
        #expect(!begun.isEmpty && Set(ends.map(\.id)) == begun)
        #expect(ends.contains { $0.endReason == .shutdown })
        #expect(Self.messages(lines).last == Message("claverd/site/status 1 1 stopped"))
        let later = try await broker.subscriber()
        let kept = try await later.output.wait(for: "what the broker kept") { Self.messages($0).count == 4 }
        #expect(Self.payloads(kept, "status") == ["stopped"])
        #expect(Self.payloads(kept, "live/action/waving/state") == ["OFF"])
    }

    @Test func leavesItsWillWhenKilled() async throws {
        let broker = try MosquittoBroker()
        try await broker.start()
        let subscriber = try await broker.subscriber(to: "claverd/site/status")
        let site = try DaemonSite()
        try configureLive(site, port: broker.port)
        let program = try site.start()
        try await subscriber.output.wait(for: "the greeting") { Self.payloads($0, "status") == ["online"] }
        program.send(SIGKILL)
        #expect(try await program.exitStatus() == 128 + SIGKILL)
        try await subscriber.output.wait(for: "the will") { Self.payloads($0, "status") == ["online", "offline"] }
        let later = try await broker.subscriber(to: "claverd/site/status")
        try await later.output.wait(for: "the kept will") { Self.payloads($0, "status") == ["offline"] }
    }

    @Test func runsToItsEndWithoutABroker() async throws {
        let broker = try MosquittoBroker()
        let site = try DaemonSite()
        try site.configure(
            "cameras: [{name: demo, source: \(Golden.path("demo/clips/val-waving-019.mp4"))}]",
            sinks: "[{log: {format: json, scores: true}}, {mqtt: {host: 127.0.0.1, port: \(broker.port)}}]")
        let program = try site.start()
        #expect(try await program.exitStatus() == 0)
        #expect(DaemonOutput(program.output.all).windows(of: "demo") == 1)
        #expect(program.errors.all.contains { $0.contains("mqtt: 127.0.0.1:\(broker.port): ") })
    }
}
