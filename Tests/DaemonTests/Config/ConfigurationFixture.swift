import Foundation

@testable import Daemon

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
            YAMLDocument(text: text, file: "/cfg/t.yaml").root, file: "/cfg/t.yaml", environment: .fixed(variables))
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
