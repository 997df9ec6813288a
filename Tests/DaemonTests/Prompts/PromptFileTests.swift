import Foundation
import Recognizer
import TestSupport
import Testing

@testable import Daemon

@Suite struct PromptFileTests {
    private let limit = TextLimit(tokenizer: .bytes, contextLength: 77)

    private func file(_ directory: String, classes: Int = 3, count: Int = 2) throws -> PromptFile {
        try PromptFile(path: directory + "/synonyms.csv", classes: classes, count: count, limit: limit)
    }

    private func write(_ text: String, _ path: String) throws {
        try Data(text.utf8).write(to: URL(filePath: path))
    }

    @Test func isReadBackAsItWasWritten() throws {
        try withTemporaryDirectory { directory in
            let file = try file(directory)
            try file.begin()
            try file.complete(2, ["e; f", "\"g\" \\n"])
            try file.complete(0, ["a", "b"])
            #expect(!FileManager.default.fileExists(atPath: file.path))
            try file.complete(1, ["c", "d"])
            #expect(file.pending.isEmpty)
            try file.finish()
            #expect(try ListFile.prompts(file.path) == [["a", "b"], ["c", "d"], ["e; f", "\"g\" \\n"]])
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["synonyms.csv"])
        }
    }

    @Test func goesOnWhereAKilledRunWas() throws {
        try withTemporaryDirectory { directory in
            let first = try file(directory)
            try first.begin()
            try first.complete(1, ["c", "d"])
            let partial = directory + "/synonyms.csv.partial"
            for torn in ["0;a", "0;a\n", "0;a\n0;b", "0"] {
                try write("id;name\n1;c\n1;d\n" + torn, partial)
                let file = try file(directory)
                #expect(file.pending == [0, 2])
                #expect(file.texts[0] == (torn.contains("\n") ? ["a"] : []))
            }
            let second = try file(directory)
            try second.begin()
            try second.complete(0, ["a", "b"])
            try second.complete(2, ["e", "f"])
            try second.finish()
            #expect(try ListFile.prompts(second.path) == [["a", "b"], ["c", "d"], ["e", "f"]])
        }
    }

    @Test func aTornByteSequenceIsNoFault() throws {
        try withTemporaryDirectory { directory in
            try Data(Array("id;name\n1;c\n1;d\n0;na".utf8) + [0xC3]).write(
                to: URL(filePath: directory + "/synonyms.csv.partial"))
            #expect(try file(directory).pending == [0, 2])
            for start in ["", "id", "id;name\n"] {
                try write(start, directory + "/synonyms.csv.partial")
                #expect(try file(directory).pending == [0, 1, 2])
            }
        }
    }

    @Test func addsToAFileThatIsFinished() throws {
        try withTemporaryDirectory { directory in
            try write("id;name\n0;a\n1;b\n2;c\n", directory + "/synonyms.csv")
            let file = try file(directory)
            #expect(file.pending == [0, 1, 2])
            try file.begin()
            try file.complete(1, ["b", "bb"])
            #expect(try self.file(directory).texts == [["a"], ["b", "bb"], ["c"]])
            #expect(try ListFile.prompts(file.path) == [["a"], ["b"], ["c"]])
        }
    }

    @Test(arguments: [
        ("id;name\n0;a\n0;b\n0;c\n", Daemon.ExitStatus.usage, "3 texts per class are there already"),
        ("id;name\n3;a\n", .dataError, "class 3, but the labels have 3 classes"),
        (
            "id;name\n0;\(String(repeating: "a", count: 76))\n", .dataError,
            "a text of 78 tokens, --model reads at most 77"
        ),
    ])
    func refusesWhatDoesNotBelong(text: String, status: Daemon.ExitStatus, reason: String) throws {
        try withTemporaryDirectory { directory in
            try write(text, directory + "/synonyms.csv")
            let error = try #require(throws: CommandFailure.self) { try file(directory) }
            #expect(error.status == status && error.description.contains(reason), "\(error)")
        }
    }

    @Test func saysWhereAFileIsDamaged() throws {
        try withTemporaryDirectory { directory in
            try write("id;name\n0;a\nx;b\n", directory + "/synonyms.csv")
            let error = try #require(throws: RecognizerError.self) { try file(directory) }
            #expect(error.description.contains("line 3: id \"x\""))
        }
    }
}

@Suite struct PromptFolderTests {
    private let run = PromptFolder.Record.Run(
        version: "1", started: Date(timeIntervalSince1970: 1_700_000_000), endpoint: "http://h/v1", llm: "m",
        temperature: 0.9,
        topP: 0.95, perClass: 5, model: "demo", contextLength: 77, families: [.bodyParts, .scene])

    @Test func remembersEveryRun() throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/new/prompts"
            let folder = try PromptFolder(path, labels: ["a", "b"])
            try folder.claim()
            try folder.add(run)
            try folder.add(run)
            let again = try PromptFolder(path, labels: ["a", "b"])
            #expect(again.record == folder.record)
            #expect(again.record.runs == [run, run])
        }
    }

    @Test(arguments: [["a"], ["b", "a"], ["a", "c"], ["a", "b", "c"]]) func refusesTextsForOtherClasses(
        labels: [String]
    ) throws {
        try withTemporaryDirectory { directory in
            try PromptFolder(directory, labels: ["a", "b"]).add(run)
            let error = try #require(throws: CommandFailure.self) { try PromptFolder(directory, labels: labels) }
            #expect(error.status == .dataError && error.description.contains("for other classes"))
        }
    }

    @Test func keepsASecondRunOut() throws {
        try withTemporaryDirectory { directory in
            let first = try PromptFolder(directory, labels: ["a"])
            try first.claim()
            let error = try #require(throws: CommandFailure.self) {
                try PromptFolder(directory, labels: ["a"]).claim()
            }
            #expect(error.status == .tempFail)
            withExtendedLifetime(first) {}
            #expect(throws: CommandFailure.self) { try PromptFolder("/dev/null", labels: ["a"]) }
        }
    }
}
