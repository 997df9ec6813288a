import Foundation
import Pipeline

@testable import Daemon

/// Plugins that take the keys a test needs and send nothing anywhere.
enum StandInSinks {
    struct Log: StandIn {
        static let kind = "log"
        static let keys = named("format", "to", "scores")
        init(settings: SettingsReader, context: SinkContext) throws {
            enum Format: String, CaseIterable { case auto, text, json, journald }
            _ = try settings.choice("format", Format.self)
        }
    }

    struct File: StandIn {
        static let kind = "file"
        static let keys = named("path", "max_size", "keep", "sync")
        init(settings: SettingsReader, context: SinkContext) throws {}
    }

    struct MQTT: StandIn {
        static let kind = "mqtt"
        static let keys = named(
            "host", "port", "username", "password", "client_id", "base", "keepalive", "connect_timeout", "tls", "top")
        init(settings: SettingsReader, context: SinkContext) throws {}
    }

    private static func named(_ names: String...) -> [SettingKey] {
        names.map { SettingKey($0, accepts: "text", standard: nil, meaning: "") }
    }

    static let all: [any EventSink.Type] = [Log.self, File.self, MQTT.self]

    protocol StandIn: EventSink {}
}

extension StandInSinks.StandIn {
    func start() async throws {}
    func deliver(_ message: SinkMessage) async throws {}
    func stop(within limit: Duration) async {}
}

extension ConfigurationEnvironment {
    static func fixed(_ variables: [String: String] = [:]) -> ConfigurationEnvironment {
        ConfigurationEnvironment(
            variables: variables, hostName: "box", homeDirectory: "/home/u", processorCount: 3,
            executable: "/usr/bin/claverd")
    }
}

extension Configuration {
    /// The configuration of a text, as if it stood in `/cfg/t.yaml`, shown in messages as `t.yaml`.
    init(text: String, variables: [String: String] = [:]) throws {
        try self.init(
            YAMLDocument(text: text, file: "/cfg/t.yaml").root, file: "/cfg/t.yaml", environment: .fixed(variables),
            plugins: StandInSinks.all)
    }
}

/// The error that a configuration's text gives, without the directory.
func configurationError(_ text: String, variables: [String: String] = [:]) -> String? {
    do {
        _ = try Configuration(text: text, variables: variables)
        return nil
    } catch {
        return "\(error)".replacingOccurrences(of: "/cfg/", with: "")
    }
}
