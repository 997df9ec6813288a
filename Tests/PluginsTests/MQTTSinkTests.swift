import Foundation
import Glibc
import Pipeline
import TestSupport
import Testing

@testable import Plugins

/// Everything here runs against a mosquitto started for the test.
@Suite(.tags(.mqtt)) struct MQTTSinkTests {
    /// A sink for the broker at `port`, and what it reports.
    private func sink(
        port: Int, _ more: [(String, SettingValue)] = []
    ) throws -> (sink: MQTTSink, reports: OutputLines) {
        let reports = OutputLines()
        let settings = SettingValue.mapping([("host", "127.0.0.1"), ("port", .text("\(port)"))] + more)
        let sink = try MQTTSink(
            settings: settings.reader(for: MQTTSink.self),
            context: .example { reports.append("\($0.level) \($0.text)") })
        return (sink, reports)
    }

    /// Lines of `output` for topics that end in `suffix`, without the topic.
    private static func messages(_ output: [String], _ suffix: String) -> [String] {
        output.filter { $0.hasPrefix("claverd/") && $0.split(separator: " ")[0].hasSuffix(suffix) }
            .map { $0.split(separator: " ").dropFirst().joined(separator: " ") }
    }

    /// The `seq` of every event in `output`, in order of arrival.
    private static func sequence(_ output: [String]) -> [UInt64] {
        messages(output, "office/events").compactMap { line in
            let json = line.split(separator: " ").dropFirst(2).joined(separator: " ")
            return (try? EventJSON.decode(Data(json.utf8)))?.seq
        }
    }

    @Test func publishesEveryTopicAsDocumented() async throws {
        let broker = try MosquittoBroker()
        try await broker.start()
        let subscriber = try await broker.subscriber()
        let (sink, _) = try sink(port: broker.port)
        try await sink.start()
        try await sink.deliver(.camera(name: "lobby", state: .online, reason: nil))
        try await subscriber.output.wait(for: "the state at the beginning") {
            Self.messages($0, "a-forklift-reversing/state") == ["1 1 OFF"]
        }
        try await sink.deliver(.event(.example(.new, seq: 1)))
        try await sink.deliver(.event(.example(.end, seq: 2, end: 7.1, reason: .score)))
        let window = WindowScores(
            camera: "lobby", window: .init(start: 0, end: 2.1),
            top: ["a", "b", "c", "d"].map { .init(label: $0, score: 0.25) })
        try await sink.deliver(.scores(window))
        try await sink.deliver(.scores(window))
        await sink.stop(within: .seconds(10))
        let output = try await subscriber.output.wait(for: "the goodbye") {
            Self.messages($0, "office/status").contains("1 1 stopped")
        }
        #expect(Self.messages(output, "office/status") == ["1 1 online", "1 1 stopped"])
        #expect(Self.messages(output, "lobby/status").last == "1 1 online")
        #expect(Self.messages(output, "dock/status") == ["1 1 connecting"])
        #expect(Self.messages(output, "waving/state") == ["1 1 OFF", "1 1 ON", "1 1 OFF"])
        #expect(Self.messages(output, "falling-down/state") == ["1 1 OFF"])
        #expect(Self.messages(output, "a-forklift-reversing/state") == ["1 1 OFF"])
        #expect(Self.sequence(output) == [1, 2])
        #expect(Self.messages(output, "office/events").allSatisfy { $0.hasPrefix("1 0 {") })
        let top = Self.messages(output, "lobby/top")
        #expect(top.count == 1)
        #expect(top.first?.hasPrefix("0 0 {") == true && top.first?.contains("\"c\"") == true)
        #expect(top.first?.contains("\"d\"") == false)
    }

    @Test func lastWillSaysOfflineWhenTheConnectionDiesAndOnlineFollows() async throws {
        let broker = try MosquittoBroker()
        try await broker.start()
        let relay = try MosquittoRelay(to: broker.port)
        relay.start()
        let subscriber = try await broker.subscriber(to: "claverd/office/status")
        let (sink, reports) = try sink(port: relay.port)
        try await sink.start()
        try await subscriber.output.wait(containing: "1 1 online")
        relay.cut()
        try await subscriber.output.wait(for: "a new connection") {
            Self.messages($0, "status") == ["1 1 online", "1 1 offline", "1 1 online"]
        }
        await sink.stop(within: .seconds(10))
        try await subscriber.output.wait(containing: "1 1 stopped")
        #expect(reports.all.filter { $0.hasPrefix("warning") }.count == 1)
        relay.stop()
    }

    @Test func losesNothingOverABrokerRestart() async throws {
        let broker = try MosquittoBroker()
        try await broker.start()
        let (sink, reports) = try sink(port: broker.port)
        try await sink.start()
        try await sink.deliver(.camera(name: "lobby", state: .online, reason: nil))
        try await sink.deliver(.event(.example(.new, seq: 1, id: "A")))
        broker.stop()
        try await reports.wait(containing: "warning")

        // A caller whose patience ends while the broker is away, and who comes back with the same event.
        let impatient = Task { try await sink.deliver(.event(.example(.update, seq: 2, id: "A"))) }
        impatient.cancel()
        await #expect(throws: CancellationError.self) { try await impatient.value }
        async let second: Void = sink.deliver(.event(.example(.update, seq: 2, id: "A")))
        try await reports.wait(containing: "refused")

        try await broker.start()
        let subscriber = try await broker.subscriber()
        try await second
        for number in 3...6 { try await sink.deliver(.event(.example(.update, seq: UInt64(number), id: "A"))) }
        let output = try await subscriber.output.wait(for: "all events") { Self.sequence($0).contains(6) }
        #expect(Self.sequence(output) == [2, 3, 4, 5, 6])
        #expect(Self.messages(output, "office/status") == ["1 1 online"])
        #expect(Self.messages(output, "lobby/status") == ["1 1 online"])
        #expect(Self.messages(output, "waving/state") == ["1 1 ON"])
        #expect(Self.messages(output, "falling-down/state") == ["1 1 OFF"])
        let statusLine = try #require(output.firstIndex { $0.hasPrefix("claverd/office/status") })
        let eventLine = try #require(output.firstIndex { $0.hasPrefix("claverd/office/events") })
        #expect(statusLine < eventLine)
        await sink.stop(within: .seconds(10))
    }

    @Test func startsWithoutABrokerAndConnectsWhenItComes() async throws {
        let broker = try MosquittoBroker()
        let (sink, reports) = try sink(port: broker.port)
        try await sink.start()
        async let delivery: Void = sink.deliver(.event(.example(.new, seq: 1)))
        try await reports.wait(containing: "Connection refused")
        try await broker.start()
        try await delivery
        try await reports.wait(containing: "info connected")
        await sink.stop(within: .seconds(10))
    }

    @Test func reportsAWrongPasswordOnceAndKeepsTrying() async throws {
        let broker = try MosquittoBroker(.password(user: "cam", password: "right"))
        try await broker.start()
        let (sink, reports) = try sink(port: broker.port, [("username", "cam"), ("password", "wrong-secret")])
        try await sink.start()
        try await broker.log.wait(for: "three attempts") { log in
            log.filter { $0.contains("Sending CONNACK") && !$0.contains("(0, 0)") }.count >= 3
        }
        await sink.stop(within: .seconds(5))
        #expect(reports.all.count == 1)
        #expect(reports.all.first?.hasPrefix("error") == true)
        #expect(reports.all.first?.contains("user \"cam\"") == true)
        #expect(reports.all.allSatisfy { !$0.contains("wrong-secret") })
    }

    @Test func logsInWithUserPasswordAndClientID() async throws {
        let broker = try MosquittoBroker(.password(user: "cam", password: "right"))
        try await broker.start()
        let (sink, _) = try sink(
            port: broker.port, [("username", "cam"), ("password", "right"), ("client_id", "claverd-door-7")])
        try await sink.start()
        try await sink.deliver(.event(.example(.new, seq: 1)))
        await sink.stop(within: .seconds(10))
        try await broker.log.wait(containing: "as claverd-door-7 (p5, c1, k20, u'cam')")
        try await broker.log.wait(containing: "Received DISCONNECT from claverd-door-7")
    }

    @Test func connectsOverTLSWithAClientCertificate() async throws {
        let certificates = try MosquittoCertificates()
        let broker = try MosquittoBroker(.certificates(certificates))
        try await broker.start()
        let subscriber = try await broker.subscriber(through: certificates)
        let (sink, _) = try sink(
            port: broker.port,
            [
                (
                    "tls",
                    [
                        "ca": .text(certificates.authority), "cert": .text(certificates.clientCertificate),
                        "key": .text(certificates.clientKey),
                    ]
                )
            ])
        try await sink.start()
        try await sink.deliver(.event(.example(.new, seq: 1)))
        await sink.stop(within: .seconds(10))
        let output = try await subscriber.output.wait(for: "the goodbye") {
            Self.messages($0, "office/status").contains("1 1 stopped")
        }
        #expect(Self.sequence(output) == [1])
    }

    @Test func refusesABrokerOfAnotherAuthority() async throws {
        let certificates = try MosquittoCertificates()
        let strangers = try MosquittoCertificates()
        let broker = try MosquittoBroker(.certificates(certificates))
        try await broker.start()
        let (sink, reports) = try sink(
            port: broker.port,
            [
                (
                    "tls",
                    [
                        "ca": .text(strangers.authority), "cert": .text(certificates.clientCertificate),
                        "key": .text(certificates.clientKey), "insecure": "true",
                    ]
                )
            ])
        try await sink.start()
        try await reports.wait(containing: "certificate verify failed")
        await sink.stop(within: .seconds(1))
        #expect(!broker.log.all.contains { $0.contains("Sending CONNACK") })
    }

    @Test func connectsToNobodyWithoutItsCertificate() async throws {
        let certificates = try MosquittoCertificates()
        let broker = try MosquittoBroker(.certificates(certificates))
        try await broker.start()
        let (sink, reports) = try sink(port: broker.port, [("tls", ["ca": .text(certificates.authority)])])
        try await sink.start()
        try await reports.wait(containing: "warning")
        await sink.stop(within: .seconds(1))
        #expect(!reports.all.contains { $0.contains("info connected") })
    }

    @Test func missingCertificateFileIsNamed() async throws {
        let (sink, reports) = try sink(
            port: try MosquittoPort.free(), [("tls", ["ca": "/nonexistent/authority.pem"])])
        try await sink.start()
        try await reports.wait(containing: "cannot read /nonexistent/authority.pem")
        await sink.stop(within: .seconds(1))
    }

    @Test func throwsWhenTheBrokersRulesForbidATopic() async throws {
        let broker = try MosquittoBroker(.rules(["topic write claverd/office/status"]))
        try await broker.start()
        let (sink, reports) = try sink(port: broker.port)
        try await sink.start()
        await #expect(throws: PluginError.refusedByBroker(topic: "claverd/office/events", reason: "Not authorized")) {
            try await sink.deliver(.event(.example(.new, seq: 1)))
        }
        try await reports.wait(containing: "refuses a message on claverd/office/lobby/status")
        await sink.stop(within: .seconds(10))
        #expect(reports.all.count == 2)
    }

    @Test func silentBrokerIsGivenUpAndWhatWasUnderWayIsSentAgain() async throws {
        let broker = try MosquittoBroker()
        try await broker.start()
        let subscriber = try await broker.subscriber(to: "claverd/office/events")
        let relay = try MosquittoRelay(to: broker.port)
        relay.start()
        let (sink, reports) = try sink(port: relay.port, [("keepalive", "10s")])
        try await sink.start()
        try await sink.deliver(.event(.example(.new, seq: 1)))
        relay.freeze()
        async let delivery: Void = sink.deliver(.event(.example(.end, seq: 2, end: 4)))
        try await reports.wait(containing: "warning", within: .seconds(30))
        relay.thaw()
        try await delivery
        let output = try await subscriber.output.wait(for: "both events") { Self.sequence($0).count == 2 }
        #expect(Self.sequence(output) == [1, 2])
        await sink.stop(within: .seconds(10))
        relay.stop()
    }

    @Test func givesUpAnAttemptThatNobodyAnswers() async throws {
        // The system accepts the connection; nobody reads from it.
        let (listening, port) = try MosquittoPort.listen()
        let (sink, reports) = try sink(port: port, [("connect_timeout", "1s")])
        try await sink.start()
        try await reports.wait(containing: "no answer within")
        await sink.stop(within: .zero)
        close(listening)
    }

    @Test func speaksTheOlderProtocolWhereTheNewerIsRefused() async throws {
        let (listening, port) = try MosquittoPort.listen()
        let versions = OutputLines()
        Thread.detachNewThread {
            for answer in [[0x20, 0x02, 0x00, 0x01], [0x20, 0x02, 0x00, 0x00]] as [[UInt8]] {
                let client = accept(listening, nil, nil)
                var bytes = [UInt8](repeating: 0, count: 4096)
                let count = read(client, &bytes, bytes.count)
                // A CONNECT: fixed header of two bytes, the name "MQTT" behind its length, then the version.
                versions.append(count > 8 ? "version \(bytes[8])" : "\(count) bytes")
                _ = write(client, answer, answer.count)
                if answer[3] != 0 { close(client) }
            }
        }
        let (sink, reports) = try sink(port: port)
        try await sink.start()
        try await reports.wait(containing: "info connected")
        #expect(versions.all == ["version 5", "version 4"])
        await sink.stop(within: .zero)
        close(listening)
    }

    @Test func stopsInTimeWithoutABrokerAndTellsWhoStillWaits() async throws {
        let (sink, _) = try sink(port: try MosquittoPort.free())
        try await sink.start()
        let delivery = Task { try await sink.deliver(.event(.example(.new, seq: 1))) }
        await sink.stop(within: .milliseconds(200))
        await #expect(throws: PluginError.stopped) { try await delivery.value }
        await #expect(throws: PluginError.stopped) { try await sink.deliver(.event(.example(.new, seq: 2))) }
    }
}
