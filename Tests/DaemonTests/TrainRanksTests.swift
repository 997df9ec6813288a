import Foundation
import Pipeline
import Recognizer
import TestSupport
import Testing

@testable import Daemon

@Suite struct RankReportTests {
    private func report(_ loss: Double, fault: String? = nil, isInterrupted: Bool = false) -> RankReport {
        var report = RankReport()
        (report.loss, report.correct, report.clips, report.batches) = (loss, 1, 4, 2)
        report.fault = fault.map { RankReport.Fault(reason: $0, clips: [7]) }
        report.isInterrupted = isInterrupted
        return report
    }

    @Test func sumsWhatAllRanksDid() {
        let all = RankReport([report(1), report(0.5), report(0.25)])
        #expect(all.loss == 1.75 && all.correct == 3 && all.clips == 12 && all.batches == 6)
        #expect(all.fault == nil && !all.isInterrupted)
    }

    @Test func oneRankIsEnoughToSkipAnUpdateOrToStop() {
        let all = RankReport([report(1), report(1, isInterrupted: true), report(1, fault: "the loss is nan")])
        #expect(all.isInterrupted && all.fault == RankReport.Fault(reason: "the loss is nan on rank 2", clips: [7]))
    }

    @Test func alonePassesEverythingOn() throws {
        let ranks = TrainingRanks(group: nil)
        #expect(try ranks.gathered(report(.nan)).count == 1 && ranks.isFirst && ranks.count == 1)
        #expect(try ranks.fromFirst { 3 } == 3)
        #expect(ranks.agreed(CommandFailure(.usage, "x")) as? CommandFailure == CommandFailure(.usage, "x"))
    }
}

/// `mpirun claverd train` on thirty of the demonstration's clips, with a model that is as small as can be.
@Suite(
    .tags(.mpi, .gstreamer), .timeLimit(.minutes(3)),
    .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/mpirun")))
struct TrainRanksTests {
    private static let mpirun = "/usr/bin/mpirun"
    private static let clips = packageRoot.appending(path: "Tests/Golden/demo/clips").path

    private static let recipe = """
        from_scratch: true
        geometry: {image_size: 32, patch_size: 16, frames: 4, vision_width: 64, vision_layers: 2, temporal_layers: 1,
          embed_dim: 32, text_width: 64, text_layers: 1}
        templates: ["{}", "a video of {}"]
        text_warm_up: {updates: 2}
        epochs: 2
        warm_up_epochs: 0
        rate: 1e-3
        total_batch: 8
        prompts_per_step: 1
        mixup: 0
        cutmix: 0
        drop_path: 0.2
        flip: 0
        """

    /// Writes recipe, list and labels, and returns the arguments that every run shares.
    private func prepare(_ directory: String) throws -> [String] {
        let labels = SynthAction.allCases.map(\.label)
        let names = try FileManager.default.contentsOfDirectory(atPath: Self.clips).filter { $0.hasSuffix(".mp4") }
        let entries = try names.sorted().map { name in
            let label = name.replacing(/^val-|-\d+\.mp4$/, with: "").replacing("-", with: " ")
            return ClipEntry(name: name, classes: [try #require(labels.firstIndex(of: label))])
        }
        try AnnotatedDataset(labels: labels, lists: [AnnotatedDataset.List(name: "list", entries: entries)])
            .write(to: "\(directory)/lists")
        try Self.recipe.write(toFile: "\(directory)/r.yaml", atomically: true, encoding: .utf8)
        return [
            "train", "--recipe", "\(directory)/r.yaml", "--data", Self.clips, "--list", "\(directory)/lists/list.txt",
            "--labels",
            "\(directory)/lists/labels.csv", "--workers", "1",
        ]
    }

    /// - Parameter arguments: of each rank.
    private func run(ranks arguments: [[String]], _ directory: String) throws -> ProgramRun {
        try ProgramRun(Self.mpirun, words(arguments), environment: environment(cache: directory + "/cache"))
    }

    private func words(_ arguments: [[String]]) -> [String] {
        ["--allow-run-as-root", "--oversubscribe"]
            + arguments.map { ["-n", "1", builtClaverd] + $0 }.joined(separator: [":"])
    }

    private func updates(_ folder: String) throws -> [RunRecord.Update] {
        try RunLog(path: folder + "/log.jsonl", keeping: .max).records.compactMap {
            if case .update(let update) = $0 { update } else { nil }
        }
    }

    @Test func ranksTrainAsOneProcessDoes() throws {
        try withTemporaryDirectory { directory in
            let common = try prepare(directory) + ["--val", "\(directory)/lists/list.txt"]
            let one = try ProgramRun(
                builtClaverd, common + ["--output", "\(directory)/one", "--set", "batch=8"])
            #expect(one.status == 0, "\(one.error)")
            let arguments = common + ["--output", "\(directory)/two", "--set", "batch=4", "--json"]
            let two = try run(ranks: [arguments, arguments], directory)
            #expect(two.status == 0, "\(two.error)")
            #expect(two.output.components(separatedBy: "best_top1").count == 2, "told once")
            let (expected, actual) = (try updates("\(directory)/one"), try updates("\(directory)/two"))
            #expect(expected.count == 6 && actual.count == 6)
            for (one, two) in zip(expected, actual) {
                #expect(abs(one.loss - two.loss) <= 1e-6 * one.loss, "\(one.loss) \(two.loss)")
                #expect(one.clips == two.clips && one.accuracy == two.accuracy && one.rate == two.rate)
            }
        }
    }

    /// SIGUSR1, which `mpirun` passes on to all of them.
    @Test func ranksThatWereStoppedGoOnAsManyOrAsOne() async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "ranks-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let common = try prepare(directory) + ["--epochs", "10", "--resume", "auto", "--set", "checkpoint_every=0s"]
        func ranks(_ output: String, _ count: Int = 2) -> [[String]] {
            Array(repeating: common + ["--output", "\(directory)/\(output)", "--set", "batch=4"], count: count)
        }
        let whole = try run(ranks: ranks("whole"), directory)
        try #require(whole.status == 0, "\(whole.error)")

        let stopped = try RunningProgram(
            Self.mpirun, words(ranks("stopped")), environment: environment(cache: directory + "/cache"))
        try await stopped.output.wait(containing: "epoch 2/10", within: .seconds(60))
        stopped.send(SIGUSR1)
        #expect(try await stopped.exitStatus() == 75)
        #expect(stopped.output.all.contains { $0.contains("--resume auto goes on") }, "\(stopped.output.all)")
        try FileManager.default.copyItem(atPath: "\(directory)/stopped", toPath: "\(directory)/alone")

        for (output, count) in [("stopped", 2), ("alone", 1)] {
            let resumed = try run(ranks: ranks(output, count), directory)
            #expect(resumed.status == 0 && !resumed.error.contains("epoch 2/10"), "\(resumed.error)")
        }
        let (expected, alone) = (try updates("\(directory)/whole"), try updates("\(directory)/alone"))
        #expect(expected.count == 30)
        #expect(try updates("\(directory)/stopped").map(\.loss) == expected.map(\.loss))
        // One rank draws prompts for each of its two batches, so that only what came before is the same.
        #expect(alone.prefix(6).map(\.loss) == expected.prefix(6).map(\.loss))
        #expect(alone.map(\.rate) == expected.map(\.rate) && alone.map(\.clips) == expected.map(\.clips))
    }

    @Test func aRankThatFailsStopsAllAndSaysWhichItIs() throws {
        try withTemporaryDirectory { directory in
            let arguments = try prepare(directory) + ["--set", "batch=4", "--output", "\(directory)/run"]
            var other = arguments
            other[4] = "\(directory)/nowhere"
            let failed = try run(ranks: [arguments, other], directory)
            #expect(failed.status == 66)
            #expect(failed.error.contains("claverd: rank 1 of 2: cannot open \(directory)/nowhere"), "\(failed.error)")
            #expect(!failed.error.contains("claverd: rank 0 of 2"))
        }
    }

    @Test func ranksThatWereToldDifferentThingsDoNotBegin() throws {
        try withTemporaryDirectory { directory in
            let arguments = try prepare(directory) + ["--set", "batch=4", "--output", "\(directory)/run"]
            let failed = try run(ranks: [arguments, arguments + ["--epochs", "3"]], directory)
            #expect(failed.status == 64)
            #expect(
                failed.error.components(separatedBy: "claverd: rank 1 differs from rank 0: epochs: 2 there, 3 here")
                    .count == 2)
            let other = try run(ranks: [arguments, arguments + ["--set", "max_bad=50%"]], directory)
            #expect(other.status == 64 && other.error.contains("max_bad: 0.05 there, 0.5 here"), "\(other.error)")
            #expect(!FileManager.default.fileExists(atPath: "\(directory)/run"))
            #expect(
                try run(ranks: [arguments + ["--set", "batch=8"], arguments + ["--set", "batch=8"]], directory).status
                    == 64)
        }
    }
}
