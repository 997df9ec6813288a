import Foundation
import Pipeline
import Plugins
import TestSupport
import Testing

@testable import Daemon

@Suite struct ShippedConfigurationTests {
    private static func text() throws -> String {
        try String(contentsOf: packageRoot.appending(path: "etc/claverd.yaml"), encoding: .utf8)
    }

    /// The file with every commented key and example taken in; prose, which begins with "# ", stays out.
    private static func uncommented() throws -> String {
        try text().split(separator: "\n", omittingEmptySubsequences: false)
            .map {
                $0.hasPrefix("#") && !$0.hasPrefix("# ") || $0.hasPrefix("#  ") ? String($0.dropFirst()) : String($0)
            }
            .joined(separator: "\n")
    }

    private static func configuration(_ text: String) throws -> Configuration {
        try withTemporaryDirectory { directory in
            for name in ["dock", "mqtt"] {
                try Data("secret".utf8).write(to: URL(filePath: "\(directory)/\(name)"))
            }
            return try Configuration(text: text, variables: ["CREDENTIALS_DIRECTORY": directory])
        }
    }

    @Test func readsAsShipped() throws {
        let configuration = try Self.configuration(Self.text())
        #expect(configuration.cameras.map(\.name) == ["lobby"])
        #expect(configuration.sinks.map(\.kind) == ["log"])
    }

    @Test func readsWithEveryCommentedKeyTakenIn() throws {
        let configuration = try Self.configuration(Self.uncommented())
        #expect(configuration.cameras.map(\.name) == ["lobby", "dock"])
        #expect(configuration.sinks.map(\.kind) == ["log", "file", "mqtt"])
        #expect(configuration.actions?.map(\.label) == ["waving", "fall"])
    }

    @Test func statesTheDefaultsOfTheCode() throws {
        let shipped = try Self.configuration(Self.text())
        let stated = try Self.configuration(Self.uncommented())
        #expect(stated.sampling == shipped.sampling)
        #expect(stated.events == shipped.events)
        #expect(stated.cameras[0].sampling == shipped.cameras[0].sampling)
        #expect(stated.cameras[0].events == shipped.cameras[0].events)
        #expect(stated.cameras[0].region == shipped.cameras[0].region)
        #expect(stated.gate == shipped.gate)
        #expect(stated.cameras[0].gate == shipped.cameras[0].gate)
        #expect(stated.cameras[0].decode == shipped.cameras[0].decode)
        #expect(stated.cameras[0].decoder == shipped.cameras[0].decoder)
        #expect(stated.cameras[0].rotation == shipped.cameras[0].rotation)
        #expect(stated.cameras[0].enabled == shipped.cameras[0].enabled)
        #expect(stated.allowedFiles == shipped.allowedFiles)
        #expect(stated.logLevel == shipped.logLevel)
    }

    @Test func showsEveryKey() throws {
        let root = try YAMLDocument(text: Self.uncommented(), file: "claverd.yaml").root
        func keys(_ path: String) -> Set<String> {
            guard case .mapping(let entries, _) = root.nearest(path) else { return [] }
            return Set(entries.map(\.key))
        }
        #expect(keys("") == Set(Configuration.keys))
        #expect(keys("cameras[0]") == Set(CameraSettings.keys))
        #expect(keys("sampling") == Set(SamplingSettings.keys))
        #expect(keys("events") == Set(EventSettings.keys))
        #expect(keys("actions[1]") == Set(ActionSettings.keys))
        #expect(keys("cameras[0]") == Set(CameraSettings.keys))
        for (index, plugin) in BuiltinPlugins.sinks.enumerated() {
            #expect(keys("sinks[\(index)].\(plugin.kind)") == Set(plugin.keys.map(\.name)))
        }
        #expect(keys("cameras[0].region") == Set(CameraSettings.Region.keys))
    }

    @Test func theDemonstrationReads() throws {
        let file = packageRoot.appending(path: "etc/demo/claverd.yaml").path
        let configuration = try Configuration(file: file, environment: .fixed())
        #expect(configuration.cameras[0].source == .file(path: packageRoot.appending(path: "etc/demo/sample.mp4").path))
        #expect(configuration.model == "demo")
    }
}
