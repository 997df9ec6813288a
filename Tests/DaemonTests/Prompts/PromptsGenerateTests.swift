import Foundation
import Recognizer
import TestSupport
import Testing

@testable import Daemon

/// The command against a server of the chat-completions protocol, whose models each have a character; see `openai_server.py`.
@Suite struct PromptsGenerateTests {
    private static let program = URL(filePath: ConfigurationEnvironment.current.executable)
        .deletingLastPathComponent().appending(path: "claverd").path

    /// A folder with three classes, a server, and the command between them.
    private struct Scene {
        let directory: String
        let server: CameraServer
        var environment: [String: String] = [:]

        var output: String { directory + "/out" }

        func arguments(_ more: [String], concurrency: Int = 1) -> [String] {
            [
                "prompts", "generate", "--labels", directory + "/labels.csv", "--output", output, "--model", "demo",
                "--endpoint", "http://127.0.0.1:\(server.port)", "--concurrency", "\(concurrency)",
            ] + more
        }

        func run(_ more: [String], concurrency: Int = 1) throws -> ProgramRun {
            try ProgramRun(
                PromptsGenerateTests.program, arguments(more, concurrency: concurrency),
                environment: ["PATH": "/usr/bin:/bin"].merging(environment) { $1 })
        }

        func synonyms(_ llm: String, _ more: [String] = []) throws -> ProgramRun {
            try run(["--family", "synonyms", "--llm", llm] + more)
        }

        var texts: [[String]] { get throws { try ListFile.prompts(output + "/synonyms.csv") } }

        /// What the server was sent: path, key, body and how many requests it was answering.
        var requests: [[String: Any]] {
            get throws {
                try String(contentsOfFile: directory + "/log", encoding: .utf8).split(separator: "\n").map {
                    try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
                }
            }
        }
    }

    private func withScene(_ server: [String] = [], _ body: (Scene) throws -> Void) throws {
        try withTemporaryDirectory { directory in
            try "id,name\n0,waving\n1,\"jumping, high\"\n2,walking\n".write(
                toFile: directory + "/labels.csv", atomically: true, encoding: .utf8)
            #expect(FileManager.default.createFile(atPath: directory + "/log", contents: nil))
            let server = try CameraServer(script: "openai_server.py", ["--log", directory + "/log"] + server)
            try body(Scene(directory: directory, server: server))
            server.kill()
        }
    }

    private static let steady = ["waving", "jumping, high", "walking"].map { action in
        "abcde".map { "text \($0) \(action)" }
    }

    @Test func writesAFilePerFamily() throws {
        try withScene { scene in
            let run = try scene.run([], concurrency: 4)
            #expect(run.status == 0, "\(run.error)")
            for family in InterpretiveFamily.allCases {
                #expect(try ListFile.prompts("\(scene.output)/\(family.fileName)") == Self.steady)
                #expect(run.output.contains("\(family.fileName): 3 of 3 classes with 5 texts each\n"))
            }
            let files = try FileManager.default.contentsOfDirectory(atPath: scene.output).sorted()
            #expect(files == ["body-parts.csv", "decomposition.csv", "prompts.json", "scene.csv", "synonyms.csv"])
            let requests = try scene.requests
            #expect(requests.count == 12)
            #expect(
                requests.allSatisfy { $0["path"] as? String == "/v1/chat/completions" && $0["key"] as? String == "" })
            let body = try #require(requests[0]["body"] as? [String: Any])
            #expect(body["temperature"] as? Double == 0.9 && body["top_p"] as? Double == 0.95)
            #expect(body["model"] as? String == "steady")
        }
    }

    @Test func asksOnlyForWhatIsMissing() throws {
        try withScene { scene in
            #expect(try scene.synonyms("steady", ["--per-class", "3"]).status == 0)
            let again = try scene.synonyms("steady", ["--per-class", "3", "--json"])
            let report = try #require(try JSONSerialization.jsonObject(with: Data(again.output.utf8)) as? [String: Any])
            #expect(report["answers"] as? Int == 0)
            #expect(try scene.requests.count == 3)
            let fewer = try scene.synonyms("steady", ["--per-class", "2"])
            #expect(fewer.status == 64 && fewer.error.contains("3 texts per class are there already"))
            #expect(try scene.synonyms("terse").status == 0)
            #expect(try scene.texts.map(\.count) == [5, 5, 5])
        }
    }

    @Test func cleansWhatModelsPutAroundTexts() throws {
        try withScene { scene in
            let run = try scene.synonyms("untidy")
            #expect(run.status == 0)
            #expect(try scene.texts[1] == "abcde".map { "text \($0); jumping, high" })
        }
    }

    @Test(arguments: ["limited", "broken", "torn"]) func asksAgainAfterAFailureThatPasses(llm: String) throws {
        try withScene { scene in
            let run = try scene.synonyms(llm)
            #expect(run.status == 0, "\(run.error)")
            #expect(run.output.contains("3 answers, 3 requests sent again;"), "\(run.output)")
            #expect(try scene.texts == Self.steady)
        }
    }

    @Test func asksAgainWhereNoAnswerComes() throws {
        try withScene { scene in
            let run = try scene.synonyms("slow", ["--timeout", "1s"])
            #expect(run.status == 0, "\(run.error)")
            #expect(try scene.texts == Self.steady)
        }
    }

    @Test(arguments: [
        ("failing", 69, "status 503: loading the model (asked 3 times); 0 of 3 classes are done and kept"),
        ("gibberish", 65, "no choices[0].message in 22 bytes \"<html>It works!</html>\" (asked 3 times)"),
        ("patient", 69, "status 429: come back tomorrow; the server asks to wait 86400 s"),
        ("broke", 69, "status 429, the account's quota is spent: You exceeded your current quota"),
        ("away", 64, "status 307: sent on to http://localhost:"),
        ("parrot", 65, "fewer than 5 different texts (1) after repeated requests"),
    ])
    func givesUpNamingClassAndReason(llm: String, status: Int32, reason: String) throws {
        try withScene { scene in
            let run = try scene.synonyms(llm, ["--retries", "2"])
            #expect(run.status == status)
            #expect(run.error.contains("class 0 \"waving\", synonyms"), "\(run.error)")
            #expect(run.error.contains(reason), "\(run.error)")
            #expect(run.error.filter(\.isNewline).count == 1)
            #expect(!FileManager.default.fileExists(atPath: scene.output + "/synonyms.csv"))
            #expect(try scene.requests.allSatisfy { $0["path"] as? String == "/v1/chat/completions" })
        }
    }

    @Test func keepsEveryTextWithinTheLimit() throws {
        try withScene { scene in
            #expect(try scene.synonyms("long").output.contains("texts: 15 too long, 0 cut"))
            #expect(try scene.texts == Self.steady)
            try FileManager.default.removeItem(atPath: scene.output)
            #expect(try scene.synonyms("endless").output.contains("texts: 30 too long, 15 cut"))
            let limit = TextLimit(tokenizer: .bytes, contextLength: 77)
            let odd = try scene.texts.joined().filter { !limit.fits($0) || !$0.hasSuffix("and then further") }
            #expect(odd == [])
        }
    }

    @Test func sendsTheKeyOfTheEnvironmentAndShowsItNowhere() throws {
        try withScene(["--key", "sk-hunter2"]) { scene in
            var scene = scene
            scene.environment = ["OPENAI_API_KEY": "sk-wrong-one"]
            let refused = try scene.synonyms("steady")
            #expect(refused.status == 69)
            #expect(
                refused.error.contains(
                    "status 401: Incorrect API key provided: ***; set a valid key in $CLAVERD_LLM_KEY"))
            #expect(!refused.error.contains("sk-wrong-one"))
            #expect(try scene.requests.count == 1)
            scene.environment["CLAVERD_LLM_KEY"] = "sk-hunter2"
            let run = try scene.synonyms("steady", ["--json"])
            #expect(run.status == 0)
            let record = try String(contentsOfFile: scene.output + "/prompts.json", encoding: .utf8)
            #expect(!(run.output + run.error + record).contains("hunter2"))
            let far = try ProgramRun(
                Self.program, scene.arguments(["--endpoint", "http://8.8.8.8/v1"]), environment: scene.environment)
            #expect(
                far.status == 64 && far.error.contains("the key in the environment would cross the network readable"))
        }
    }

    @Test func asksAboutSeveralClassesAtATimeButNoMore() throws {
        try withScene { scene in
            #expect(try scene.run(["--llm", "paired"], concurrency: 3).status == 0)
            let together = try scene.requests.compactMap { $0["active"] as? Int }
            #expect(together.count == 12 && together.contains(2) && together.allSatisfy { $0 <= 3 })
        }
    }

    @Test func whatIsDoneWhenItIsInterruptedIsKept() throws {
        try withScene { scene in
            // A pipe in the place of the log: reading from it waits for the request that will not be answered.
            try FileManager.default.removeItem(atPath: scene.directory + "/log")
            #expect(mkfifo(scene.directory + "/log", 0o600) == 0)
            let log = try #require(FileHandle(forUpdatingAtPath: scene.directory + "/log"))
            let process = Process()
            process.executableURL = URL(filePath: Self.program)
            process.arguments = scene.arguments(["--family", "synonyms", "--llm", "halting"])
            let complaints = Pipe()
            process.standardError = complaints
            process.standardOutput = FileHandle.nullDevice
            try process.run()
            var received = Data()
            while received.count(where: { $0 == UInt8(ascii: "\n") }) < 3 { received.append(log.availableData) }
            process.interrupt()
            process.waitUntilExit()
            #expect(process.terminationStatus == 75)
            let complaint = String(decoding: complaints.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            #expect(complaint.contains("interrupted; 2 of 3 classes are done and kept"), "\(complaint)")
            let partial = try String(contentsOfFile: scene.output + "/synonyms.csv.partial", encoding: .utf8)
            let rows = try ListFile.promptRows(text: partial, path: "partial")
            #expect(rows.map(\.sentence) == Array(Self.steady[..<2].joined()))
            let again = try scene.synonyms("steady")
            #expect(again.output.contains("3 of 3 classes with 5 texts each, 2 of them from before\n1 answers,"))
            #expect(try scene.texts == Self.steady)
        }
    }

    @Test func dryRunAsksNothingAndWritesNothing() throws {
        try withScene { scene in
            let first = try scene.run(["--dry-run"])
            #expect(first.status == 0)
            #expect(first.output.components(separatedBy: "=== ").count { $0.contains(": class 0 \"waving\"") } == 4)
            #expect(first.output.contains("[system]\nYou write short English texts"))
            #expect(first.output.contains("[user]\nAction: waving\nTexts: 5, of at most 13 words each\n"))
            #expect(!first.output.contains("Action: walking\n"))
            let all = try scene.run(["--dry-run", "--verbose", "--json", "--family", "scene", "--llm", "some"])
            let bodies = try all.output.split(separator: "\n").map {
                try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
            }
            #expect(bodies.count == 3 && bodies.allSatisfy { $0["model"] as? String == "some" })
            #expect(try scene.requests.isEmpty)
            #expect(!FileManager.default.fileExists(atPath: scene.output))
        }
    }

    @Test func choosesTheOnlyModelServedAndNoOther() throws {
        try withScene(["--models", "steady,terse"]) { scene in
            let run = try scene.run(["--family", "scene"])
            #expect(
                run.status == 64 && run.error.contains("offers steady, terse; say which with --llm"), "\(run.error)")
        }
    }

    private static let wrongUses: [(more: [String], status: Int32)] = [
        (["--per-class", "0"], 64), (["--temperature", "3"], 64), (["--top-p", "0"], 64), (["--concurrency", "0"], 64),
        (["--timeout", "5"], 64), (["--retries", "-1"], 64), (["--family", "smells"], 64), (["--endpoint", "x"], 64),
        (["--labels", "/nowhere/labels.csv"], 66), (["--model", "nothing"], 66), (["--output", "/dev/null"], 73),
    ]

    @Test(arguments: wrongUses)
    func wrongUseIsToldBeforeAnythingIsAsked(more: [String], status: Int32) throws {
        try withScene { scene in
            let run = try scene.synonyms("steady", more)
            #expect(run.status == status, "\(run.error)")
            #expect(run.output.isEmpty)
            #expect(try scene.requests.isEmpty)
            #expect(!FileManager.default.fileExists(atPath: scene.output))
        }
    }

    @Test func saysWhenNobodyListens() throws {
        try withScene { scene in
            scene.server.kill()
            let run = try scene.synonyms("steady", ["--retries", "0"])
            #expect(run.status == 69)
            #expect(
                run.error.contains("no connection (") && run.error.contains("is the server running?"), "\(run.error)")
        }
    }
}
