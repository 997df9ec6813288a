import Foundation
import Recognizer
import TestSupport
import Testing

@testable import Daemon

/// `claverd train` as it is built, on thirty clips and a model as small as they come.
@Suite(.tags(.gstreamer), .timeLimit(.minutes(10))) struct TrainTests {
    /// Three updates of eight clips in each of twenty epochs.
    private static let recipe = """
        from_scratch: true
        geometry: {image_size: 32, patch_size: 16, frames: 4, vision_width: 64, vision_layers: 2, temporal_layers: 1,
          embed_dim: 64, text_width: 64, text_layers: 1}
        templates: ["{}", "a person {}", "someone is {}"]
        text_warm_up: {updates: 4}
        epochs: 20
        warm_up_epochs: 1
        rate: 1e-3
        total_batch: 8
        batch: 4
        drop_path: 0.2
        average: 0.9
        prompts_per_step: 2
        checkpoint_every: 0s
        workers: 2
        readers: 2

        """

    /// For a loaded machine.
    private static let patience = Duration.seconds(120)

    /// A folder with the recipe, a list of the clips and what a run needs besides.
    private final class Site {
        let path: String
        let clips: String

        init(more: String = "") throws {
            path = FileManager.default.temporaryDirectory.appending(path: "train-\(UUID().uuidString)").path
            clips = path + "/clips"
            let golden = Golden.path("demo/clips")
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            try FileManager.default.copyItem(atPath: golden, toPath: clips)
            let labels = DemoEvaluation.labels
            let names = try FileManager.default.contentsOfDirectory(atPath: golden).sorted()
            let rows = names.compactMap { name -> String? in
                let words = name.dropFirst("val-".count).dropLast("-000.mp4".count).replacing("-", with: " ")
                return labels.firstIndex(of: String(words)).map { "\(name) \($0)" }
            }
            try #require(rows.count == 30)
            try write(rows.joined(separator: "\n") + "\n", "train.txt")
            try write(rows.prefix(6).joined(separator: "\n") + "\n", "val.txt")
            try write(
                "id,name\n" + labels.enumerated().map { "\($0),\($1)\n" }.joined(), "labels.csv")
            try write(TrainTests.recipe + more, "recipe.yaml")
        }

        deinit { try? FileManager.default.removeItem(atPath: path) }

        func write(_ text: String, _ name: String) throws {
            try text.write(toFile: "\(path)/\(name)", atomically: true, encoding: .utf8)
        }

        func arguments(_ run: String, _ more: [String] = []) -> [String] {
            [
                "train", "--recipe", "\(path)/recipe.yaml", "--data", clips, "--list", "\(path)/train.txt", "--val",
                "\(path)/val.txt", "--labels", "\(path)/labels.csv", "--output", "\(path)/\(run)",
            ] + more
        }

        func train(_ run: String, _ more: String...) async throws -> ProgramRun {
            try await ProgramRun.awaited(builtClaverd, arguments(run, more))
        }

        func start(_ run: String, _ more: String...) throws -> RunningProgram {
            try RunningProgram(builtClaverd, arguments(run, more))
        }

        /// What each line of the log says that does not depend on time.
        func log(_ run: String) throws -> [String] {
            try String(contentsOfFile: "\(path)/\(run)/log.jsonl", encoding: .utf8).split(separator: "\n").map { line in
                let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
                return object.filter { !["seconds", "waited", "clips_per_second"].contains($0.key) }
                    .map { "\($0.key): \($0.value)" }.sorted().joined(separator: ", ")
            }
        }

        /// Of the last epoch.
        func top1(_ run: String) throws -> Double? {
            let text = try String(contentsOfFile: "\(path)/\(run)/log.jsonl", encoding: .utf8)
            guard case .epoch(let epoch)? = text.split(separator: "\n").last.flatMap({ RunRecord(line: String($0)) })
            else { return nil }
            return epoch.top1
        }

        func weights(_ run: String) throws -> String {
            try ModelDirectory.open("\(path)/\(run)/last").weightsDigest
        }
    }

    @Test func aRunThatWasStoppedAndKilledEndsAsOneThatWasNot() async throws {
        let site = try Site()
        let whole = try await site.train("whole")
        try #require(whole.status == 0, "\(whole.error)")

        let stopped = try site.start("run", "--resume", "auto")
        try await stopped.output.wait(containing: "epoch 1/20", within: Self.patience)
        // As `timeout` does, which sends one to the process and one to its group.
        for _ in 0..<2 { stopped.send(SIGTERM) }
        #expect(try await stopped.exitStatus(within: Self.patience) == 75)
        #expect(stopped.output.all.last?.contains("--resume auto goes on") == true, "\(stopped.output.all)")
        let killed = try site.start("run", "--resume", "auto")
        try await killed.output.wait(containing: "epoch 4/20", within: Self.patience)
        killed.send(SIGKILL)
        #expect(try await killed.exitStatus(within: Self.patience) == 128 + SIGKILL)
        let resumed = try await site.train("run", "--resume", "auto")
        try #require(resumed.status == 0, "\(resumed.error)")
        #expect(!resumed.error.contains("epoch 4/20") && resumed.error.contains("epoch 20/20"))

        let lines = try site.log("whole")
        #expect(lines.count { $0.contains("type: update") } == 60 && lines.count { $0.contains("type: epoch") } == 20)
        #expect(try site.log("run") == lines)
        #expect(try site.weights("run") == site.weights("whole"))

        // The model is one that eval takes, and its figure is the one that was logged.
        let eval = try await ProgramRun.awaited(
            builtClaverd,
            [
                "eval", "--model", "\(site.path)/run/last", "--data", site.clips, "--list", "\(site.path)/val.txt",
                "--json",
            ])
        let answer = try JSONSerialization.jsonObject(with: Data(eval.output.utf8)) as? [String: Any]
        #expect(try #require(answer?["top1"] as? Double) == site.top1("whole"))

        let other = try await site.train("run", "--resume", "auto", "--epochs", "21")
        #expect(other.status == 65 && other.error.contains("epochs: 20 there, 21 here"), "\(other.error)")
        let anew = try await site.train("run")
        #expect(anew.status == 73 && anew.error.contains("holds a run; --resume auto continues it"), "\(anew.error)")
        try FileManager.default.removeItem(atPath: "\(site.path)/run/checkpoint.safetensors")
        let bare = try await site.train("run", "--resume", "auto")
        #expect(bare.status == 73 && bare.error.contains("no checkpoint to go on from"), "\(bare.error)")
        #expect(try site.weights("run") == site.weights("whole"))
        let again = try await site.train("run")
        #expect(again.status == 73 && again.error.contains("no checkpoint to go on from"), "\(again.error)")
    }

    @Test func aTextThatIsStillWarmingUpCanBeStopped() async throws {
        let site = try Site()
        let stopped = try site.start("run", "--epochs", "1", "--set", "text_warm_up={updates: 1000000}")
        try await stopped.output.wait(containing: "warming up the text", within: Self.patience)
        stopped.send(SIGTERM)
        #expect(try await stopped.exitStatus(within: Self.patience) == 75)
        #expect(stopped.output.all.last?.contains("--resume auto begins it again") == true, "\(stopped.output.all)")
        let again = try await site.train("run", "--resume", "auto", "--epochs", "1")
        #expect(again.status == 0 && again.error.contains("text warmed up"), "\(again.error)")
    }

    @Test func aCheckpointThatCannotBeWrittenLeavesTheOneBefore() async throws {
        let site = try Site()
        let first = try site.start("run")
        try await first.output.wait(containing: "epoch 1/20", within: Self.patience)
        first.send(SIGTERM)
        #expect(try await first.exitStatus(within: Self.patience) == 75)
        let checkpoint = "\(site.path)/run/checkpoint.safetensors"
        let before = try Data(contentsOf: URL(filePath: checkpoint))
        // Files may grow to 64 KiB: no room for a checkpoint, which fails as on a full disk.
        let command = ["trap '' XFSZ; ulimit -f 64; exec \"$0\" \"$@\"", builtClaverd]
        let failed = try await ProgramRun.awaited(
            "/bin/bash", ["-c"] + command + site.arguments("run", ["--resume", "auto"]))
        #expect(failed.status == 74 && failed.error.contains("cannot write"), "\(failed.error)")
        #expect(try Data(contentsOf: URL(filePath: checkpoint)) == before)
        let names = try FileManager.default.contentsOfDirectory(atPath: site.path + "/run")
        #expect(!names.contains { $0.contains("partial") }, "\(names)")
        let resumed = try await site.train("run", "--resume", "auto")
        #expect(resumed.status == 0, "\(resumed.error)")
    }

    @Test func numbersThatAreNotFiniteAreSkippedAndThenStopTheRun() async throws {
        let site = try Site()
        let run = try await site.train(
            "run", "--set", "rate=1e30", "--set", "warm_up_epochs=0", "--set", "total_batch=4", "--set", "batch=1")
        #expect(run.status == 70, "\(run.error)")
        #expect(run.error.contains("3 updates in a row gave no finite numbers"))
        let skipped = try site.log("run").filter { $0.contains("type: skipped") }
        #expect(skipped.count == 3 && skipped.allSatisfy { $0.contains(".mp4") })
        #expect(run.error.contains("mixup and cutmix are without effect"))
        let page = try String(contentsOfFile: site.path + "/run/curve.html", encoding: .utf8)
        #expect(page.contains("Ended after 0 of 20 epochs: 3 updates in a row") && page.contains("Updates skipped"))
    }

    @Test func validationClipsThatCannotBeReadAreCountedAndToldOnce() async throws {
        let site = try Site()
        let name = try #require(
            try String(contentsOfFile: site.path + "/val.txt", encoding: .utf8).split(separator: " ").first)
        let (file, kept) = (URL(filePath: "\(site.clips)/\(name)"), URL(filePath: site.path + "/kept.mp4"))
        try FileManager.default.moveItem(at: file, to: kept)
        try Data("no video".utf8).write(to: file)
        let run = try await site.train("run", "--epochs", "2", "--set", "max_bad=20%")
        #expect(run.status == 0, "\(run.error)")
        #expect(run.error.components(separatedBy: "1 unreadable counted as wrong").count == 3, "\(run.error)")
        #expect(run.error.components(separatedBy: "counted as wrong: \(name)").count == 2)
        let lines = try site.log("run").filter { $0.contains("clip: \(name)") }
        #expect(lines.count == 2 && lines.count { $0.contains("is_validation: 1") } == 1, "\(lines)")

        // One of 30 in the training, but one of 6 here: the run waits for a better store.
        let strict = try await site.train("strict", "--epochs", "1")
        #expect(strict.status == 65, "\(strict.error)")
        #expect(strict.error.contains("1 of 6 validation clips could not be read, more than max_bad 5.0 % allows"))
        try FileManager.default.removeItem(at: file)
        try FileManager.default.moveItem(at: kept, to: file)
        let mended = try await site.train("strict", "--epochs", "1", "--resume", "auto")
        #expect(mended.status == 0 && mended.error.contains("epoch 1/1"), "\(mended.error)")
        #expect(try site.log("strict").count { $0.contains("type: update") } == 3)
    }

    @Test func aTerminalThatIsGoneOrADiskThatIsFullStopsNoRun() async throws {
        let site = try Site()
        let command = ["-c", "exec \"$0\" \"$@\" 2>/dev/full", builtClaverd]
        let run = try await ProgramRun.awaited("/bin/bash", command + site.arguments("run", ["--epochs", "1"]))
        #expect(run.status == 0 && run.output.contains("trained    1 epochs"), "\(run.output)")
        let failed = try await ProgramRun.awaited("/bin/bash", command + ["train", "--recipe", "/nowhere.yaml"])
        #expect(failed.status == 66 || failed.status == 78)
    }

    @Test func whatIsWrongWithPromptsIsToldByItsOwnFileAndMayBeMended() async throws {
        let site = try Site()
        try site.write("id;name\n0;one\n1;two\n", "short.csv")
        let short = try await site.train("run", "--set", "prompts=[\(site.path)/short.csv]")
        #expect(short.status == 65 && short.error.contains("short.csv: prompts for 2 classes, there are 15 labels"))
        let one = try await site.train("run", "--set", "templates=[\"{}\"]")
        #expect(one.status == 78 && one.error.contains("at least two prompts"), "\(one.error)")
        let mended = try await site.train("run", "--epochs", "1")
        #expect(mended.status == 0, "\(mended.error)")
    }

    @Test func aRunWhoseLastModelOrLogIsDamagedGoesOn() async throws {
        let site = try Site()
        let whole = try await site.train("whole", "--epochs", "2")
        try #require(whole.status == 0, "\(whole.error)")
        let stopped = try site.start("run", "--epochs", "2")
        try await stopped.output.wait(containing: "epoch 1/2", within: Self.patience)
        stopped.send(SIGKILL)
        _ = try await stopped.exitStatus(within: Self.patience)
        try FileManager.default.removeItem(atPath: "\(site.path)/run/log.jsonl")
        try Data("x".utf8).write(to: URL(filePath: "\(site.path)/run/last/model.safetensors"))
        let resumed = try await site.train("run", "--epochs", "2", "--resume", "auto")
        #expect(resumed.status == 0, "\(resumed.error)")
        #expect(try site.weights("run") == site.weights("whole"))
        #expect(try site.log("run").count { $0.contains("type: begin") } == 1)
        #expect(resumed.error.contains("run/last was missing or damaged: it is made of the checkpoint"))
        #expect(resumed.error.contains("run/log.jsonl lacks "), "\(resumed.error)")

        // No epoch follows that would write them anew.
        for model in ["best", "last"] { try FileManager.default.removeItem(atPath: "\(site.path)/run/\(model)") }
        try site.write("id,name\n" + DemoEvaluation.labels.indices.map { "\($0),other \($0)\n" }.joined(), "other.csv")
        let refused = try await site.train(
            "run", "--epochs", "2", "--resume", "auto", "--labels", site.path + "/other.csv")
        #expect(refused.status == 65, "\(refused.error)")
        let left = try FileManager.default.contentsOfDirectory(atPath: site.path + "/run")
        #expect(!left.contains { $0.hasPrefix("last") }, "\(left)")
        let again = try await site.train("run", "--epochs", "2", "--resume", "auto")
        #expect(again.status == 0, "\(again.error)")
        #expect(again.error.contains("run/best is missing or damaged: the best model so far is lost"))
        #expect(
            again.output.contains("a model that is lost") && again.output.hasSuffix("run/last\n"), "\(again.output)")
        #expect(try site.weights("run") == site.weights("whole"))
    }

    /// Of many activations, and of weights that could not even be drawn.
    @Test(arguments: [
        "image_size: 64, patch_size: 1, frames: 1024, vision_width: 64, vision_layers: 3",
        "image_size: 64, patch_size: 16, frames: 1, vision_width: 4096, vision_layers: 96",
    ])
    func whatNeedsMoreMemoryThanThereIsIsRefusedBeforeAnythingIsMade(sizes: String) async throws {
        let site = try Site()
        let run = try await site.train(
            "run", "--set", "geometry={\(sizes), embed_dim: 64, text_width: 64, text_layers: 1}")
        #expect(run.status == 64, "\(run.error)")
        #expect(run.error.contains("batch 4 takes ") && run.error.contains("say a smaller batch, or checkpointing"))
        #expect(!run.error.contains("warming up") && !FileManager.default.fileExists(atPath: site.path + "/run"))
    }

    @Test func clipsThatCannotBeReadAreLeftOutUpToAShare() async throws {
        let site = try Site()
        try Data("no video".utf8).write(to: URL(filePath: site.clips + "/val-jumping-010.mp4"))
        let run = try await site.train("run", "--epochs", "1")
        #expect(run.status == 0, "\(run.error)")
        #expect(run.output.contains("left out   1 of 30 clips"), "\(run.output)")
        #expect(try site.log("run").count { $0.contains("clip: val-jumping-010.mp4") } == 1)
        // An update without clips is told, and those after it have the rate of their places.
        let single = try await site.train("single", "--epochs", "1", "--set", "batch=1", "--set", "total_batch=1")
        #expect(single.status == 0, "\(single.error)")
        #expect(single.error.contains("skipped: no clip could be read; its clips: val-jumping-010.mp4"))
        let lines = try String(contentsOfFile: site.path + "/single/log.jsonl", encoding: .utf8).split(separator: "\n")
        let updates = lines.compactMap { line -> RunRecord.Update? in
            guard case .update(let update)? = RunRecord(line: String(line)) else { return nil }
            return update
        }
        #expect(updates.count == 29)
        for update in updates where update.update < 29 {
            #expect(abs(update.rate - 1e-3 * Double(update.update + 1) / 30) < 1e-9, "\(update)")
        }
        let strict = try await site.train("strict", "--set", "max_bad=0%")
        #expect(strict.status == 65 && strict.error.contains("max_bad"), "\(strict.error)")
    }

    /// Only where a processor does not have it is there something to refuse.
    @Test(.enabled(if: (try? TrainingStep.requireSupport(for: .bf16)) == nil))
    func aPrecisionThatTheProcessorLacksIsRefusedBeforeAnythingIsMade() async throws {
        let site = try Site()
        let run = try await site.train("run", "--set", "precision=bf16")
        #expect(run.status == 69, "\(run.error)")
        #expect(run.error.contains("AVX512_BF16; f32 works here"))
        #expect(!run.error.contains("warming up"))
        #expect(!FileManager.default.fileExists(atPath: site.path + "/run"))
    }

    @Test func keptFeaturesTrainWhatIsNotSpatial() async throws {
        let site = try Site(more: "mixup: 0\ncutmix: 0\nfreeze: [spatial]\nfeatures: 2\n")
        let run = try await site.train("run", "--epochs", "3", "--set", "drop_path=0")
        #expect(run.status == 0, "\(run.error)")
        #expect(try ModelDirectory.open("\(site.path)/run/last").config.labels == DemoEvaluation.labels)
        #expect(try site.log("run").count { $0.contains("type: update") } == 9)
        let dropping = try await site.train("dropping")
        #expect(dropping.status == 78 && dropping.error.contains("drop_path"), "\(dropping.error)")
        let refused = try await site.train("small", "--set", "drop_path=0", "--set", "features_limit=0MB")
        #expect(refused.status == 73 && refused.error.contains("features_limit allows 0"), "\(refused.error)")
        #expect(!refused.error.contains("warming up"))

        let killed = try site.start("killed", "--epochs", "3", "--set", "drop_path=0")
        try await killed.output.wait(containing: "epoch 1/3", within: Self.patience)
        killed.send(SIGKILL)
        _ = try await killed.exitStatus(within: Self.patience)
        // A twentieth of the file, in the view that the second epoch takes.
        let file = try #require(FileHandle(forUpdatingAtPath: "\(site.path)/killed/features.bf16"))
        let byteCount = Int(try file.seekToEnd())
        try file.seek(toOffset: UInt64(byteCount / 10 * 8))
        try file.write(contentsOf: Data(repeating: 7, count: byteCount / 20))
        let told = try await site.train("killed", "--resume", "auto", "--epochs", "3", "--set", "drop_path=0")
        #expect(told.status == 65 && told.error.contains(" of 60 features are damaged"), "\(told.error)")
        let resumed = try await site.train("killed", "--resume", "auto", "--epochs", "3", "--set", "drop_path=0")
        #expect(resumed.status == 0, "\(resumed.error)")
        #expect(try site.weights("killed") == site.weights("run"))
    }
}
