import Foundation
import Pipeline
import Recognizer
import TestSupport
import Testing

@testable import Daemon

/// The program on thirty of the demo's clips, with the model that PyTorch trained. Two of them PyTorch takes for another action too:
/// who sits down and who stands up.
@Suite(.tags(.gstreamer)) struct EvalCommandTests {
    private static let clips = packageRoot.appending(path: "Tests/Golden/demo/clips").path
    private static let model = Golden.path("demo/model")

    private static func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: clips).filter { $0.hasSuffix(".mp4") }.sorted()
    }

    /// Writes a list of the clips and returns the arguments that every run shares.
    private static func prepare(_ directory: String, besides: [String] = []) throws -> [String] {
        let labels = try ModelDirectory.open(model).config.labels
        let lines = try (names() + besides).map { name in
            let label = name.replacing(/^val-|-\d+\.mp4$/, with: "").replacing("-", with: " ")
            return "\(name) \(labels.firstIndex(of: label) ?? 0)\n"
        }
        try lines.joined().write(toFile: directory + "/list.txt", atomically: true, encoding: .utf8)
        return ["eval", "--model", model, "--data", clips, "--list", directory + "/list.txt"]
    }

    private static func run(_ directory: String, _ arguments: [String]) throws -> ProgramRun {
        try ProgramRun(builtClaverd, arguments, environment: environment(cache: directory + "/cache"))
    }

    private static func json(_ run: ProgramRun) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any], "\(run.error)")
    }

    @Test func theModelThatComesAlongNamesTheseClipsToo() throws {
        try withTemporaryDirectory { directory in
            let arguments = try Self.prepare(directory).map { $0 == Self.model ? "demo" : $0 }
            let run = try Self.run(directory, arguments + ["--min-top1", "96%"])
            #expect(run.status == 0, "\(run.output) \(run.error)")
        }
    }

    @Test(.tags(.golden)) func scoresWhatPyTorchScores() throws {
        struct Expected: Decodable {
            let score: Float
            let top: String
        }
        try withTemporaryDirectory { directory in
            let run = try Self.run(
                directory, Self.prepare(directory) + ["--json", "--dump", directory + "/d", "--min-top1", "93%"])
            #expect(run.status == 0, "\(run.error)")
            let object = try Self.json(run)
            #expect(object["clips"] as? Int == 30)
            #expect(object["correct"] as? Int == 28)
            #expect(object["unreadable"] as? Int == 0)
            let text = try Data(contentsOf: URL(filePath: Self.clips + "/expected.json"))
            let expected = try JSONDecoder().decode([String: Expected].self, from: text)
            let result = try EvaluationDump(path: directory + "/d").result()
            for clip in result.clips {
                let best = try #require(clip.scores.indices.max { clip.scores[$0] < clip.scores[$1] })
                let want = try #require(expected[clip.name])
                #expect(result.labels[best] == want.top)
                #expect(abs(clip.scores[best] - want.score) < 0.03)
            }
            #expect(!FileManager.default.fileExists(atPath: directory + "/d.state"))
        }
    }

    @Test func threadsPartsAndRanksChangeNoDigit() throws {
        try withTemporaryDirectory { directory in
            let common = try Self.prepare(directory) + ["--views", "2x3"]
            func dumped(_ name: String, _ more: [String]) throws -> EvaluationResult {
                let run = try Self.run(directory, common + ["--dump", "\(directory)/\(name)"] + more)
                #expect(run.status == 0, "\(run.error)")
                try FileManager.default.removeItem(atPath: directory + "/cache")
                return try EvaluationDump(path: "\(directory)/\(name)").result().withoutTime
            }
            let whole = try dumped("whole", ["--readers", "1", "--workers", "1"])
            #expect(try dumped("threads", ["--readers", "2", "--workers", "3"]) == whole)
            for part in 0..<3 { _ = try dumped("part\(part)", ["--shard", "\(part)/3"]) }
            let parts = [2, 0, 1].map { "\(directory)/part\($0)" }
            let merged = try Self.run(directory, ["eval", "--merge"] + parts + ["--dump", directory + "/merged"])
            #expect(merged.status == 0, "\(merged.error)")
            #expect(try EvaluationDump(path: directory + "/merged").result().withoutTime == whole)
        }
    }

    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/mpirun")))
    func ranksGiveWhatOneProcessGives() throws {
        try withTemporaryDirectory { directory in
            let common = try Self.prepare(directory, besides: ["garbage.mp4"])
            let data = try Self.clips(directory, besides: ["garbage.mp4"])
            let arguments = common + ["--data", data, "--dump"]
            let one = try Self.run(directory, arguments + [directory + "/one"])
            #expect(one.status == 0, "\(one.error)")
            let ranks = try ProgramRun(
                "/usr/bin/mpirun",
                ["--allow-run-as-root", "--oversubscribe", "-n", "3", builtClaverd] + arguments + [
                    directory + "/ranks"
                ],
                environment: environment(cache: directory + "/cache"))
            #expect(ranks.status == 0, "\(ranks.error)")
            #expect(ranks.output.components(separatedBy: "top-1").count == 2, "told once")
            let results = try ["one", "ranks"].map { try EvaluationDump(path: "\(directory)/\($0)").result() }
            #expect(results[0].withoutTime == results[1].withoutTime)
            #expect(results[1].clips.last?.failure?.kind == .undecodable)
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory).allSatisfy { !$0.contains("state") })
        }
    }

    /// A folder with the clips and some files that are none.
    private static func clips(_ directory: String, besides: [String]) throws -> String {
        let folder = directory + "/clips"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for name in try names() {
            try FileManager.default.copyItem(atPath: "\(clips)/\(name)", toPath: "\(folder)/\(name)")
        }
        for name in besides { try Data("no video at all".utf8).write(to: URL(filePath: "\(folder)/\(name)")) }
        return folder
    }

    @Test func tooManyUnreadableClipsExitWith65AndAreTriedAgainOnResume() throws {
        try withTemporaryDirectory { directory in
            let bad = "val-waving-999.mp4"
            let common = try Self.prepare(directory, besides: [bad])
            let data = try Self.clips(directory, besides: [bad])
            let arguments = common + ["--data", data, "--dump", directory + "/d", "--json"]
            let first = try Self.run(directory, arguments + ["--max-bad", "1%"])
            #expect(first.status == 65)
            #expect(first.error == "claverd: 1 of 31 clips could not be read, more than --max-bad 1.0 % allows\n")
            let object = try Self.json(first)
            #expect(object["clips"] as? Int == 31)
            #expect(object["correct"] as? Int == 28)
            let failures = try #require(object["failures"] as? [[String: String]])
            #expect(failures.map { $0["clip"] } == [bad])

            // What a kill would leave: the state, its last record cut off.
            let state = URL(filePath: directory + "/d.state")
            let bytes = try Data(contentsOf: state)
            try bytes.prefix(bytes.count * 2 / 3).write(to: state)
            let unfinished = try Self.run(directory, arguments)
            #expect(unfinished.status == 73 && unfinished.error.contains("--resume continues it"))
            let other = try Self.run(directory, arguments + ["--resume", "--views", "1x3"])
            #expect(other.status == 65 && other.error.contains("views: 1x1 there, 1x3 here"), "\(other.error)")

            let file = data + "/" + bad
            try FileManager.default.removeItem(atPath: file)
            try FileManager.default.copyItem(atPath: data + "/val-waving-006.mp4", toPath: file)
            let resumed = try Self.run(directory, arguments + ["--resume", "--max-bad", "1%"])
            #expect(resumed.status == 0, "\(resumed.error)")
            #expect(try Self.json(resumed)["correct"] as? Int == 29)
            #expect(!FileManager.default.fileExists(atPath: state.path))
            let undisturbed = try Self.run(directory, common + ["--data", data, "--dump", directory + "/u"])
            #expect(undisturbed.status == 0)
            let results = try ["d", "u"].map { try EvaluationDump(path: "\(directory)/\($0)").result().withoutTime }
            #expect(results[0] == results[1])
        }
    }

    @Test func anInterruptedRunCanBeResumed() async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "claverd-eval-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        // So many views that the signal comes long before the end.
        let common = try Self.prepare(directory) + ["--views", "64x3", "--dump", directory + "/d"]
        let program = try RunningProgram(builtClaverd, common)
        let state = directory + "/d.state"
        let began = await Self.until { (try? Data(contentsOf: URL(filePath: state)).count) ?? 0 > 200_000 }
        try #require(began)
        program.send(SIGINT)
        let status = try await program.exitStatus(within: .seconds(120))
        #expect(status == 75, "\(program.output.all)")
        #expect(program.output.all.contains { $0.contains("the same command with --resume continues from \(state)") })
    }

    /// Asks on a thread of its own until it is so, or two minutes have passed.
    private static func until(_ condition: @escaping @Sendable () -> Bool) async -> Bool {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                let end = ContinuousClock.now + .seconds(120)
                while !condition(), ContinuousClock.now < end { usleep(10_000) }
                continuation.resume(returning: condition())
            }
        }
    }

    @Test func takesThePlaceOfNothingThatItNeeds() throws {
        try withTemporaryDirectory { directory in
            let model = directory + "/model"
            try FileManager.default.copyItem(atPath: Self.model, toPath: model)
            let prepared = try Self.prepare(directory).map { $0 == Self.model ? model : $0 }
            let weights = try Data(contentsOf: URL(filePath: model + "/model.safetensors"))
            let onModel = try Self.run(directory, prepared + ["--dump", model + "/model.safetensors"])
            #expect(onModel.status == 64 && onModel.error.contains("is to be read"), "\(onModel.error)")
            #expect(try Data(contentsOf: URL(filePath: model + "/model.safetensors")) == weights)
            let onState = try Self.run(directory, prepared + ["--dump", directory + "/d", "--state", directory + "/d"])
            #expect(onState.status == 64 && onState.error.contains("the same file"), "\(onState.error)")
        }
    }

    @Test func otherTextsAndAblationNeedNoClips() throws {
        try withTemporaryDirectory { directory in
            let made = try Self.run(directory, Self.prepare(directory) + ["--dump", directory + "/d"])
            #expect(made.status == 0, "\(made.error)")
            let labels = try EvaluationDump(path: directory + "/d").vocabulary.labels
            let rows = labels.enumerated().flatMap { id, label in
                ["\(id);someone can be seen \(label)", "\(id);a film of \(label)"]
            }
            let prompts = directory + "/synonyms.csv"
            try (["id;name"] + rows).joined(separator: "\n").write(toFile: prompts, atomically: true, encoding: .utf8)
            let again = ["eval", "--from-dump", directory + "/d"]
            #expect(try Self.run(directory, again + ["--prompts", prompts]).status == 64)
            let run = try Self.run(
                directory, again + ["--model", Self.model, "--prompts", prompts, "--ablate-prompts", "--json"])
            #expect(run.status == 0, "\(run.error)")
            let table = try #require(try Self.json(run)["ablation"] as? [[String: Any]])
            #expect(table.map { $0["prompts"] as? String } == ["templates", "synonyms", "all"])
            #expect(table.map { $0["number"] as? Int } == [5, 2, 7])
            #expect(abs(try #require(table.first?["top1"] as? Double) - 28.0 / 30) < 1e-9)
            // The same prompts from the start.
            let whole = try Self.run(
                directory,
                Self.prepare(directory) + ["--prompts", prompts, "--dump", directory + "/w", "--ablate-prompts"])
            #expect(whole.output.contains("templates      5   93.33 %"), "\(whole.output)")
            let rescored = try Self.run(
                directory, again + ["--model", Self.model, "--prompts", prompts, "--dump", directory + "/r"])
            #expect(rescored.status == 0, "\(rescored.error)")
            let results = try ["w", "r"].map { try EvaluationDump(path: "\(directory)/\($0)").result().withoutTime }
            #expect(results[0] == results[1])
        }
    }

    @Test func reportsShowTheFramesOfMistakesAndCanBeCompared() throws {
        try withTemporaryDirectory { directory in
            let common = try Self.prepare(directory)
            let (a, b) = (directory + "/a", directory + "/b")
            let run = try Self.run(directory, common + ["--report", a, "--json"])
            #expect(run.status == 0, "\(run.error)")
            let page = try String(contentsOfFile: a + "/report.html", encoding: .utf8)
            #expect(page.matches(of: /<div class="mistake"><img/).count == 2)
            let summary = try EvaluationReport.read(a)
            #expect(summary.clips.count == 30 && summary.clips.count { $0.isRight(within: 1) } == 28)
            let interval = try #require(try Self.json(run)["top1_interval"] as? [Double])
            #expect(interval[0] < 28.0 / 30 && interval[1] > 28.0 / 30)

            #expect(try Self.run(directory, common + ["--views", "2x3", "--dump", b]).status == 0)
            let compared = try Self.run(directory, ["eval", "--compare", a, b, "--report", directory + "/c"])
            #expect(compared.status == 0, "\(compared.error)")
            #expect(
                compared.output.contains("30 clips compared")
                    && compared.output.contains("views, time x space: 1x1 | 2x3"))
            for name in ["comparison.json", "comparison.html"] {
                #expect(FileManager.default.fileExists(atPath: "\(directory)/c/\(name)"))
            }
            // From a dump, whose clips are found where they were.
            let again = try Self.run(directory, ["eval", "--from-dump", b, "--report", directory + "/d"])
            #expect(again.status == 0, "\(again.error)")
            let later = try String(contentsOfFile: directory + "/d/report.html", encoding: .utf8)
            #expect(later.contains("<div class=\"mistake\"><img"))
        }
    }

    @Test func whatFailsEarlyLeavesNoFolderOfAReport() throws {
        try withTemporaryDirectory { directory in
            let report = directory + "/deep/r"
            let run = try Self.run(
                directory, Self.prepare(directory) + ["--data", directory + "/absent", "--report", report])
            #expect(run.status == 66)
            #expect(!FileManager.default.fileExists(atPath: directory + "/deep"))
            let made = try Self.run(directory, Self.prepare(directory) + ["--limit", "2", "--report", report])
            #expect(made.status == 0, "\(made.error)")
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: report).sorted() == ["report.html", "report.json"])
            // A dump and a state may lie in the folder that is not there yet.
            let inside = directory + "/in/"
            let all = try Self.run(
                directory,
                Self.prepare(directory) + ["--limit", "2", "--report", directory + "/in"]
                    + ["--dump", inside + "d", "--state", inside + "s"])
            #expect(all.status == 0, "\(all.error)")
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: inside).sorted() == [
                    "d", "report.html", "report.json",
                ])
            let later = try Self.run(
                directory,
                [
                    "eval", "--from-dump", inside + "d", "--report", directory + "/later", "--dump",
                    directory + "/later/d",
                ])
            #expect(later.status == 0, "\(later.error)")
        }
    }

    @Test func tellsWhatIsWrongWithTheDataSet() throws {
        try withTemporaryDirectory { directory in
            let common = try Self.prepare(directory, besides: ["nowhere.mp4"])
            let folder = try Self.clips(directory, besides: [])
            try FileManager.default.createSymbolicLink(
                atPath: folder + "/nowhere.mp4", withDestinationPath: directory + "/gone.mp4")
            let linked = try Self.run(directory, common + ["--data", folder])
            #expect(linked.status == 0, "\(linked.error)")
            #expect(linked.output.contains("    nowhere.mp4: not usable: a link to nothing\n"), "\(linked.output)")

            let archive = directory + "/clips.tar"
            let packed = try ProgramRun("/usr/bin/tar", ["-cf", archive, "-C", Self.clips] + Self.names())
            try #require(packed.status == 0, "\(packed.error)")
            let whole = try Data(contentsOf: URL(filePath: archive))
            try whole.prefix(whole.count / 2).write(to: URL(filePath: archive))
            let cut = try Self.run(directory, common + ["--data", archive, "--max-bad", "1"])
            #expect(cut.status == 0, "\(cut.error)")
            #expect(
                cut.error.hasPrefix("claverd: warning: \(archive): is cut short in the data of val-"), "\(cut.error)")
            #expect(cut.output.contains(": not usable: is cut short: "), "\(cut.output)")
            let few = try Self.run(directory, common + ["--data", archive])
            #expect(few.status == 65)
            #expect(few.error.contains("of 31 clips of the list are missing, such as"), "\(few.error)")
        }
    }

    @Test func exitsBySysexits() throws {
        try withTemporaryDirectory { directory in
            let common = try Self.prepare(directory)
            let dump = directory + "/d"
            let made = try Self.run(directory, common + ["--limit", "2", "--dump", dump])
            #expect(made.status == 0, "\(made.error)")
            try FileManager.default.createDirectory(
                atPath: directory + "/odd/report.html", withIntermediateDirectories: true)
            try "no state".write(toFile: directory + "/other.txt", atomically: true, encoding: .utf8)
            let modes = ["--merge", "--compare", "--from-dump"]
            try FileManager.default.createSymbolicLink(
                atPath: directory + "/dangling", withDestinationPath: directory + "/gone")
            let cases: [([String], Int32)] = [
                (["eval"], 64), (common + ["--views", "0x3"], 64), (common + ["--shard", "2/2"], 64),
                (common + ["--limit", "2", "--shard", "2/3", "--dump", directory + "/empty"], 64),
                (common + ["--shard", "0/2"], 64), (common + ["--max-bad", "many"], 64), (common + ["--resume"], 64),
                (["eval", "--dump", dump, "--from-dump", dump], 64), (["eval", "--compare", dump], 64),
                (common + ["--stride", "3"], 64), (["eval", "--from-dump", dump, "--limit", "1"], 64),
                (["eval", "--merge", dump, "--views", "2x3"], 64),
                (["eval", "--from-dump", dump, "--set", "limit=1"], 64),
                (["eval", "--compare", dump, dump, "--min-top1", "100%"], 64),
                (common + ["--model", directory + "/absent"], 66), (common + ["--list", directory + "/absent"], 66),
                (common + ["--data", directory + "/absent"], 66), (common + ["--data", directory], 65),
                (["eval", "--from-dump", directory + "/list.txt"], 65), (["eval", "--merge", dump, dump], 65),
                (common + ["--dump", directory], 73), (common + ["--dump", directory + "/other.txt"], 73),
                (common + ["--dump", directory + "/no/d"], 73),
                (common + ["--report", directory + "/list.txt"], 73),
                (common + ["--report", directory + "/list.txt/r"], 73),
                (common + ["--report", directory + "/odd"], 73),
                (common + ["--report", directory + "/dangling"], 73),
                (common + ["--state", directory + "/other.txt"], 73),
                (["eval", "--from-dump", dump, "--min-top1", "100%"], 0),
            ]
            for (arguments, status) in cases {
                let run = try Self.run(directory, arguments)
                #expect(run.status == status, "\(arguments.dropFirst()): \(run.status) \(run.error)")
                if arguments.count > 3, modes.contains(arguments[1]), status == 64 {
                    #expect(run.error.contains("has no effect with"), "\(arguments.dropFirst()): \(run.error)")
                }
            }
            // Every class is wrong by one.
            let labels = try EvaluationDump(path: dump).vocabulary.labels
            let shifted = (["id,name"] + labels.indices.map { "\($0),\(labels[($0 + 1) % labels.count])" })
            try shifted.joined(separator: "\n").write(toFile: directory + "/l.csv", atomically: true, encoding: .utf8)
            let low = try Self.run(
                directory,
                [
                    "eval", "--from-dump", dump, "--model", Self.model, "--labels", directory + "/l.csv", "--min-top1",
                    "0.5",
                ])
            #expect(low.status == 1)
            #expect(low.error == "claverd: top-1 0.00 % is below the least accepted, 50.00 %\n")
        }
    }
}

extension EvaluationResult {
    /// Everything but how long it took.
    fileprivate var withoutTime: EvaluationResult {
        var copy = self
        copy.record.seconds = 0
        copy.record.data = ""
        return copy
    }
}
