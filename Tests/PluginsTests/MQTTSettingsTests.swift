import Foundation
import Pipeline
import Testing

@testable import Plugins

@Suite struct MQTTSettingsTests {
    private func settings(_ value: SettingValue) throws -> MQTTSettings {
        try MQTTSettings(value.reader(for: MQTTSink.self), instance: "office")
    }

    @Test func standardsAreThoseOfTheManual() throws {
        let found = try settings([:])
        #expect(found.host == "localhost")
        #expect(found.port == 1883)
        #expect(found.clientID == "claverd-office")
        #expect(found.base == "claverd/office")
        #expect(found.keepalive == .seconds(30))
        #expect(found.connectTimeout == .seconds(10))
        #expect(found.tls == nil)
        #expect(found.top == .init(every: .seconds(1), count: 3))
    }

    @Test func tlsMovesTheStandardPort() throws {
        #expect(try settings(["tls": "true"]).port == 8883)
        #expect(try settings(["tls": "true", "port": "1884"]).port == 1884)
        #expect(
            try settings(["tls": ["ca": "ca.pem", "insecure": "true"]]).tls
                == .init(authority: FileManager.default.currentDirectoryPath + "/ca.pem", isInsecure: true))
        #expect(try settings(["tls": "false"]).tls == nil)
    }

    @Test func topIsOffOrLimited() throws {
        #expect(try settings(["top": "off"]).top == nil)
        #expect(try settings(["top": ["every": "5s", "k": "1"]]).top == .init(every: .seconds(5), count: 1))
    }

    @Test(
        arguments: [
            (["host": "mqtt://broker"], "host"), (["port": "0"], "port"), (["password": "x"], "password"),
            (["base": "a//b"], "base"), (["client_id": "a+b"], "client_id"), (["keepalive": "1s"], "keepalive"),
            (["tls": ["cert": "a.pem"]], "tls.cert"), (["tls": ["caa": "a.pem"]], "\"ca\""), (["top": "yes"], "top"),
            (["top": ["k": "0"]], "top.k"), (["tls.ca": "a.pem"], "tls.ca"),
        ] as [(SettingValue, String)])
    func saysWhereAValueIsWrong(value: SettingValue, place: String) {
        let error = #expect(throws: SettingsError.self) { try settings(value) }
        #expect(error?.description.contains(place) == true, "\(String(describing: error))")
    }

    @Test func neverShowsThePassword() {
        let error = #expect(throws: SettingsError.self) { try settings(["password": "geheim"]) }
        #expect(error?.description.contains("geheim") == false)
    }

    @Test func refusesLabelsThatWouldShareATopic() {
        let context = SinkContext(
            instance: "office", version: "1",
            cameras: [.init(name: "lobby", labels: ["falling down", "Falling down!"])],
            report: { _ in })
        let error = #expect(throws: SettingsError.self) {
            try MQTTSink(settings: SettingValue.mapping([]).reader(for: MQTTSink.self), context: context)
        }
        #expect(error?.description.contains("falling-down") == true)
    }
}
