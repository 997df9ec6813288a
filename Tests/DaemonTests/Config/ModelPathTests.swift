import Foundation
import TestSupport
import Testing

@testable import Daemon

@Suite struct ModelPathTests {
    private func makeModel(_ path: String) throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try Data("{}".utf8).write(to: URL(filePath: path + "/config.json"))
    }

    @Test func prefersTheConfigurationsDirectoryThenThePathVariable() throws {
        try withTemporaryDirectory { directory in
            let path = ModelPath(
                configurationDirectory: "\(directory)/cfg",
                environment: .fixed(["CLAVERD_MODEL_PATH": "\(directory)/one:\(directory)/two"]))
            try makeModel("\(directory)/two/m")
            #expect(try path.find("m") == "\(directory)/two/m")
            try makeModel("\(directory)/one/m")
            #expect(try path.find("m") == "\(directory)/one/m")
            try makeModel("\(directory)/cfg/m")
            #expect(try path.find("m") == "\(directory)/cfg/m")
        }
    }

    @Test func takesANameWithASlashAsADirectory() throws {
        try withTemporaryDirectory { directory in
            try makeModel("\(directory)/models/m")
            let path = ModelPath(configurationDirectory: "\(directory)/cfg", environment: .fixed())
            #expect(try path.find("../models/m") == "\(directory)/models/m")
            #expect(try path.find("\(directory)/models/m") == "\(directory)/models/m")
        }
    }

    @Test func looksInThePackageThatTheProgramWasBuiltIn() throws {
        try withTemporaryDirectory { directory in
            try makeModel("\(directory)/etc/models/m")
            try Data().write(to: URL(filePath: "\(directory)/Package.swift"))
            var environment = ConfigurationEnvironment.fixed()
            environment.executable = "\(directory)/.build/release/claverd"
            let path = ModelPath(configurationDirectory: "/cfg", environment: environment)
            #expect(try path.find("m") == "\(directory)/etc/models/m")
        }
    }

    @Test func looksBesideAnInstalledProgram() throws {
        try withTemporaryDirectory { directory in
            try makeModel("\(directory)/share/claverd/models/m")
            var environment = ConfigurationEnvironment.fixed()
            environment.executable = "\(directory)/bin/claverd"
            #expect(
                try ModelPath(configurationDirectory: "/cfg", environment: environment).find("m")
                    == "\(directory)/share/claverd/models/m")
        }
    }

    @Test func saysWhereItLookedAndWhatThereIs() throws {
        try withTemporaryDirectory { directory in
            try makeModel("\(directory)/cfg/other")
            try FileManager.default.createDirectory(atPath: "\(directory)/cfg/m", withIntermediateDirectories: true)
            let path = ModelPath(configurationDirectory: "\(directory)/cfg", environment: .fixed())
            do {
                _ = try path.find("m")
                Issue.record("found a directory without config.json")
            } catch let error as ModelPathError {
                #expect(error.searched == ["\(directory)/cfg", "/usr/share/claverd/models", "/etc/claverd/models"])
                #expect(error.description.hasSuffix("; there are: other"))
            }
        }
    }
}
