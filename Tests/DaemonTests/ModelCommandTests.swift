import Foundation
import TestSupport
import Testing

@testable import Daemon

@Suite struct ModelCommandTests {
    private static let checkpoints = packageRoot.appending(path: "Tests/Golden/checkpoints").path

    @Test func importsAndInspects() throws {
        try withTemporaryDirectory { directory in
            let model = directory + "/model"
            let made = try ProgramRun(
                builtClaverd, ["model", "import", Self.checkpoints + "/hf-clip", "--output", model, "--frames", "5"])
            #expect(made.status == 0)
            #expect(made.error.contains("plain CLIP without a temporal part: added 1 temporal blocks"))
            let seen = try ProgramRun(builtClaverd, ["model", "inspect", model])
            #expect(seen.output == made.output && seen.output.contains("5 frames of 32x32"))
            let json = try ProgramRun(builtClaverd, ["model", "inspect", model, "--json"])
            let object = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
            #expect((object["geometry"] as? [String: Int])?["frames"] == 5)
        }
    }

    @Test func importsIntoAnEmptyFolderHoweverItIsSaid() throws {
        try withTemporaryDirectory { directory in
            for folder in ["here", "linked"] {
                try FileManager.default.createDirectory(
                    atPath: "\(directory)/\(folder)", withIntermediateDirectories: false)
            }
            try FileManager.default.createSymbolicLink(atPath: directory + "/link", withDestinationPath: "linked")
            let script = "cd here && exec \"$0\" \"$@\""
            let checkpoint = Self.checkpoints + "/state-dict.pth"
            for (output, name) in [(".", "here"), (directory + "/link/", "linked")] {
                let run = try ProgramRun(
                    "/bin/sh",
                    [
                        "-c", "cd \(directory) && " + script, builtClaverd, "model", "import", checkpoint, "--output",
                        output,
                    ])
                #expect(run.status == 0, "\(run.error)")
                let config = try String(contentsOfFile: "\(directory)/\(name)/config.json", encoding: .utf8)
                #expect(config.contains("\"name\": \"\(name)\""))
            }
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: directory).sorted() == ["here", "link", "linked"])
            let odd = try ProgramRun(
                builtClaverd, ["model", "import", checkpoint, "--output", directory + "/so\u{AD}ft\u{1B}[1m"])
            #expect(odd.status == 0 && odd.output.hasPrefix("model       soft[1m\n"), "\(odd.output) \(odd.error)")
        }
    }

    @Test func whatIsWrongWithATensorNamesItsFile() throws {
        try withTemporaryDirectory { directory in
            let checkpoint = directory + "/broken.safetensors"
            var bytes = try Data(contentsOf: URL(filePath: Self.checkpoints + "/expected.safetensors"))
            bytes.replaceSubrange(bytes.count - 4..<bytes.count, with: [0, 0, 0xC0, 0x7F])
            try bytes.write(to: URL(filePath: checkpoint))
            let run = try ProgramRun(
                builtClaverd, ["model", "import", checkpoint, "--output", directory + "/m", "--mask", "KMT"])
            #expect(run.status == 65)
            #expect(run.error.hasPrefix("claverd: \(checkpoint): tensor "), "\(run.error)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["broken.safetensors"])
        }
    }

    @Test func tensorsThatHaveNothingToRunOnAreRefused() throws {
        try withTemporaryDirectory { directory in
            let model = directory + "/model"
            let made = try ProgramRun(
                builtClaverd, ["model", "import", Self.checkpoints + "/state-dict.pth", "--output", model])
            try #require(made.status == 0, "\(made.error)")
            let run = try ProgramRun(
                builtClaverd,
                ["model", "run", model, "--input", model + "/model.safetensors", "--output", directory + "/out"])
            #expect(run.status == 65)
            #expect(run.error.contains("has neither clips nor prompts_i64, but "), "\(run.error)")
            #expect(!FileManager.default.fileExists(atPath: directory + "/out"))
        }
    }

    @Test func exitsBySysexits() throws {
        try withTemporaryDirectory { directory in
            let (good, model) = (Self.checkpoints + "/state-dict.pth", directory + "/model")
            let cases: [([String], Int32)] = [
                (["import", good], 64),
                (["import", good, "--output", model, "--mask", "XMT"], 64),
                (["import", good, "--output", model, "--frames", "0"], 64),
                (["import", Self.checkpoints + "/hostile/runs-a-command.pth", "--output", model], 65),
                (["import", Self.checkpoints + "/hostile/truncated.pth", "--output", model], 65),
                (["import", directory + "/absent.pth", "--output", model], 66),
                (["import", good, "--output", Self.checkpoints], 73),
                (["import", good, "--output", directory + "/no/model"], 73),
                (["inspect", directory + "/absent"], 66),
            ]
            for (arguments, status) in cases {
                let run = try ProgramRun(builtClaverd, ["model"] + arguments)
                #expect(run.status == status, "\(arguments): \(run.error)")
                #expect(run.output.isEmpty)
            }
            #expect(!FileManager.default.fileExists(atPath: model))
            #expect(!FileManager.default.fileExists(atPath: "/tmp/claverd-was-owned"))
        }
    }
}
