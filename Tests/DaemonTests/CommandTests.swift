import ArgumentParser
import Foundation
import TestSupport
import Testing

@testable import Daemon

@Suite struct CommandTests {
    private static let helps: [(String, any ParsableCommand.Type)] = [
        ("claverd", Claverd.self), ("config", ConfigCommand.self), ("config-check", ConfigCommand.Check.self),
        ("config-print", ConfigCommand.Print.self), ("model", ModelCommand.self),
        ("model-import", ModelImportCommand.self), ("model-inspect", ModelInspectCommand.self),
        ("model-run", ModelRunCommand.self), ("model-quantize", ModelQuantizeCommand.self), ("run", RunCommand.self),
        ("classify", ClassifyCommand.self),
        ("eval", EvalCommand.self), ("train", TrainCommand.self), ("dataset", DatasetCommand.self),
        ("dataset-check", DatasetCheckCommand.self), ("dataset-split", DatasetSplitCommand.self),
        ("dataset-synth", DatasetSynthCommand.self), ("prompts", PromptsCommand.self),
        ("prompts-generate", PromptsGenerateCommand.self), ("bench", BenchCommand.self),
        ("version", VersionCommand.self),
    ]

    /// Help is part of the interface. After a deliberate change, run with CLAVERD_RECORD_SNAPSHOTS=1 and look at the diff.
    @Test(arguments: helps) func helpReadsAsRecorded(name: String, command: any ParsableCommand.Type) throws {
        let file = packageRoot.appending(path: "Tests/DaemonTests/Snapshots/help-\(name).txt")
        let help = Claverd.helpMessage(for: command, columns: 80) + "\n"
        if ProcessInfo.processInfo.environment["CLAVERD_RECORD_SNAPSHOTS"] == "1" {
            try help.write(to: file, atomically: true, encoding: .utf8)
        }
        #expect(try help == String(contentsOf: file, encoding: .utf8))
    }

    @Test(arguments: [
        (["--help"], "claverd <subcommand>"), (["run", "--help"], "claverd run"), (["help", "run"], "claverd run"),
    ])
    func helpGoesToStandardOutput(arguments: [String], usage: String) throws {
        let run = try ProgramRun(builtClaverd, arguments)
        #expect(run.status == 0)
        #expect(run.output.contains("USAGE: \(usage)"))
        #expect(run.error.isEmpty)
    }

    @Test func wrongUseExitsWith64() throws {
        let run = try ProgramRun(builtClaverd, ["config", "check", "--colour"])
        #expect(run.status == 64)
        #expect(run.output.isEmpty)
        #expect(run.error.hasPrefix("Error: "))
    }

    @Test func aWrongConfigurationExitsWith78AndOneLine() throws {
        try withTemporaryDirectory { directory in
            let file = "\(directory)/c.yaml"
            try "model: demo\ncamera: []\n".write(toFile: file, atomically: true, encoding: .utf8)
            for arguments in [["config", "check", file], ["config", "print", file]] {
                let run = try ProgramRun(builtClaverd, arguments)
                #expect(run.status == 78)
                #expect(run.output.isEmpty)
                #expect(run.error.hasPrefix("claverd: \(file):2:1: unknown key \"camera\"; did you mean \"cameras\"?"))
                #expect(run.error.filter(\.isNewline).count == 1)
            }
        }
    }

    @Test func checkTellsAnErrorAsJSONToo() throws {
        let run = try ProgramRun(builtClaverd, ["config", "check", "--json", "/nowhere/c.yaml"])
        #expect(run.status == 78)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
        #expect(object["ok"] as? Bool == false)
        #expect(object["file"] as? String == "/nowhere/c.yaml")
        #expect((object["reason"] as? String)?.contains("No such file") == true)
    }

    @Test func versionNamesTheProgramAndTheLibrariesLinked() throws {
        var libraries = ["OpenBLAS", "zlib", "GStreamer", "libmosquitto"]
        #if OneDNN
            libraries.append("oneDNN")
        #endif
        #if MPI
            libraries.append("Open MPI")
        #endif
        let text = try ProgramRun(builtClaverd, ["version"])
        #expect(text.status == 0)
        #expect(text.output.hasPrefix("claverd \(ClaverdVersion.current)\nswift 6."))
        let json = try ProgramRun(builtClaverd, ["version", "--json"])
        let object = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: String])
        #expect(object["claverd"] == ClaverdVersion.current)
        for library in libraries {
            #expect(object[library]?.wholeMatch(of: /\d+\.\d+(\.\d+)*/) != nil, "\(library): \(object[library] ?? "")")
        }
    }

    @Test func openBLASHasKernelsForThisProcessor() throws {
        var environment = ProcessInfo.processInfo.environment
        environment["OPENBLAS_CORETYPE"] = nil
        let run = try ProgramRun(builtClaverd, ["version", "--json"], environment: environment)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: String])
        let kernels = try #require(object["OpenBLAS kernels"])
        let hasVectors = try String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8).contains(" avx2 ")
        #expect(kernels != "Prescott" || !hasVectors)
    }

    @Test func kernelsOfOpenBLASThatTheUserAsksForStay() throws {
        var environment = ProcessInfo.processInfo.environment
        environment["OPENBLAS_CORETYPE"] = "Prescott"
        let run = try ProgramRun(builtClaverd, ["version"], environment: environment)
        #expect(run.output.hasSuffix("OpenBLAS kernels Prescott\n"))
    }
}

@Suite struct ConfigurationSummaryTests {
    private static let yaml = """
        model: ./m
        actions: [waving, jumping]
        cameras:
          - {name: lobby, source: "rtsp://u:hunter2@h/s"}
          - {name: b, source: b.mp4, enabled: false}
        sinks: [{log: }]
        """

    private func summary() throws -> (ConfigurationSummary, String) {
        try withTemporaryDirectory { directory in
            try FileManager.default.createDirectory(atPath: "\(directory)/m", withIntermediateDirectories: true)
            try "{}".write(toFile: "\(directory)/m/config.json", atomically: true, encoding: .utf8)
            let file = "\(directory)/c.yaml"
            let configuration = try Configuration(
                YAMLDocument(text: Self.yaml, file: file).root, file: file, environment: .fixed())
            return (try ConfigurationSummary(configuration), directory)
        }
    }

    @Test func isAShortTable() throws {
        let (summary, directory) = try summary()
        let lines = summary.text.split(separator: "\n").map(String.init)
        #expect(lines.count == 5)
        #expect(lines[0] == "\(directory)/c.yaml: ok")
        #expect(lines[1].wholeMatch(of: /model   .\/m    .*\/m/) != nil, "\(lines[1])")
        #expect(lines[2].hasPrefix("camera  lobby  rtsp://u:***@h/s"))
        #expect(lines[2].hasSuffix("every 300ms, hop 1, 2 actions"))
        #expect(lines[3].hasSuffix("2 actions, switched off"))
        #expect(lines[4] == "sink    log")
    }

    @Test func isJSONWithoutSecrets() throws {
        let text = try summary().0.document.pretty
        let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        #expect(object["ok"] as? Bool == true)
        #expect((object["cameras"] as? [[String: Any]])?.count == 2)
        #expect(!text.contains("hunter2"))
    }

    @Test func failsWhereAPluginRefusesItsBlock() throws {
        try withTemporaryDirectory { directory in
            try "{}".write(toFile: "\(directory)/config.json", atomically: true, encoding: .utf8)
            let configuration = try Configuration(
                text: "model: \(directory)\nsinks: [{log: {format: \"${env:F}\"}}]\ncameras: [{name: a, source: a}]",
                variables: ["F": "hunter2"])
            do {
                _ = try ConfigurationSummary(configuration)
                Issue.record("accepted")
            } catch {
                #expect("\(error)".hasPrefix("/cfg/t.yaml:2:24: sinks[0].log.format: expected one of auto, text, json"))
                #expect(!"\(error)".contains("hunter2"))
            }
        }
    }

    @Test func failsWithoutItsModel() throws {
        let configuration = try Configuration(text: "model: none\ncameras: [{name: a, source: a}]")
        do {
            _ = try ConfigurationSummary(configuration)
            Issue.record("accepted")
        } catch {
            #expect(
                "\(error)".hasPrefix(
                    "/cfg/t.yaml:1:8: model: no model \"none\" (a directory with a config.json) in /cfg,"))
        }
    }
}
