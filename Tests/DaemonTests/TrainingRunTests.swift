import Foundation
import Pipeline
import Recognizer
import TestSupport
import Testing

@testable import Daemon

@Suite struct RunFolderTests {
    @Test func onlyOneProcessTrainsInAFolder() throws {
        try withTemporaryDirectory { directory in
            let folder = try RunFolder(directory + "/run", resumes: false)
            let error = #expect(throws: CommandFailure.self) { try RunFolder(folder.path, resumes: true) }
            #expect(error?.status == .cannotCreate && error?.description.contains("another process") == true)
        }
    }

    @Test func aFolderOfARunIsOnlyTakenToGoOn() throws {
        try withTemporaryDirectory { directory in
            try "".write(toFile: directory + "/recipe.yaml", atomically: true, encoding: .utf8)
            let error = #expect(throws: CommandFailure.self) { try RunFolder(directory, resumes: false) }
            #expect(error?.description.contains("--resume auto") == true)
            _ = try RunFolder(directory, resumes: true)
        }
    }

    @Test func aFolderOfOtherThingsIsRefused() throws {
        try withTemporaryDirectory { directory in
            try "".write(toFile: directory + "/thesis.tex", atomically: true, encoding: .utf8)
            for resumes in [false, true] {
                #expect(throws: CommandFailure.self) { try RunFolder(directory, resumes: resumes) }
            }
        }
    }

    @Test func whatAKilledProcessHadBegunIsRemoved() throws {
        try withTemporaryDirectory { directory in
            for name in ["recipe.yaml", "checkpoint.safetensors.partial-12", "checkpoint.safetensors"] {
                try "x".write(toFile: "\(directory)/\(name)", atomically: true, encoding: .utf8)
            }
            try FileManager.default.createDirectory(
                atPath: directory + "/best.partial", withIntermediateDirectories: false)
            _ = try RunFolder(directory, resumes: true)
            let left = try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
            #expect(left == [".lock", "checkpoint.safetensors", "recipe.yaml"])
        }
    }
}

@Suite struct RunCheckpointTests {
    private static let state = StateDict(tensors: ["a.weight": StoredTensor(Tensor(shape: [2], values: [1, 2]))])
    private static let optimizer = StateDict(
        tensors: ["exp_avg.a.weight": StoredTensor(Tensor(shape: [2], values: [3, 4]))], metadata: ["updates": "7"])
    private static func identity(_ labels: [String]) -> RunIdentity {
        RunIdentity(weightsDigest: "w", listDigest: "l", labels: labels, promptsDigest: labels.joined())
    }

    private static func checkpoint() -> RunCheckpoint {
        var position = RunPosition(quarantine: Quarantine(clips: 9))
        (position.epoch, position.update, position.sums.loss) = (2, 5, 0.1 + 0.2)
        _ = position.quarantine.note(ClipFailure(kind: .empty, reason: "nothing"), of: 4)
        return RunCheckpoint(
            recipe: TrainRecipe(), identity: identity(["x", "y"]), position: position, weights: state,
            optimizerState: optimizer)
    }

    @Test func readsBackWhatWasWritten() throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/c.safetensors"
            let written = Self.checkpoint()
            try written.write(to: path)
            let read = try RunCheckpoint(path: path)
            #expect(read.position == written.position && read.identity == written.identity)
            #expect(read.recipe == written.recipe)
            #expect(read.weights.tensors["a.weight"]?.floats().values == [1, 2])
            #expect(read.optimizerState.tensors["exp_avg.a.weight"]?.floats().values == [3, 4])
            #expect(read.weights.tensors.count == 1 && read.optimizerState.tensors.count == 1)
            #expect(read.optimizerState.metadata == ["updates": "7"])
        }
    }

    @Test func anotherRunIsRefusedWithEveryDifference() throws {
        let checkpoint = Self.checkpoint()
        try checkpoint.requireRun(TrainRecipe(), Self.identity(["x", "y"]), path: "c")
        var recipe = TrainRecipe()
        recipe.epochs = 7
        let error = #expect(throws: CommandFailure.self) {
            try checkpoint.requireRun(recipe, Self.identity(["y", "x"]), path: "c")
        }
        #expect(error?.status == .dataError)
        #expect(
            error?.description
                == "c is of another run: epochs: 60 there, 7 here; the labels are in another order: class 0 was \"x\", is \"y\""
        )
    }

    @Test func otherFilesAreNoCheckpoints() throws {
        try withTemporaryDirectory { directory in
            try SafetensorsWriter.write(Self.state, to: directory + "/m.safetensors")
            #expect(throws: RecognizerError.self) { try RunCheckpoint(path: directory + "/m.safetensors") }
        }
    }
}

@Suite struct RunLogTests {
    private static func update(_ number: Int) -> RunRecord {
        .update(
            RunRecord.Update(
                epoch: 0, update: number, loss: 1.0 / 3, accuracy: 0.5, rate: 1e-5, norm: 2, clips: 8, seconds: 1,
                waited: 0))
    }

    @Test func everyRecordReadsBack() throws {
        let records = [
            .begin(
                RunRecord.Begin(version: "1", clips: 2, classes: 3, prompts: 4, updatesPerEpoch: 5, workers: 6)),
            Self.update(1),
            .epoch(
                RunRecord.Epoch(
                    epoch: 1, loss: 0.1, accuracy: 0.2, clipsPerSecond: 3, seconds: 4, top1: 0.5, top5: nil,
                    isBest: true)),
            .skipped(RunRecord.Skipped(epoch: 1, update: 2, reason: "r", clips: ["a/b \"c\""])),
            .unreadable(RunRecord.Unreadable(clip: "c", kind: "empty", reason: "r\n")),
        ]
        for record in records {
            let line = try record.line()
            #expect(line.filter(\.isNewline).count == 1 && line.hasPrefix("{\"type\":\""))
            #expect(RunRecord(line: line) == record)
        }
    }

    @Test func goesOnWhereTheCheckpointSays() throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/log.jsonl"
            var kept = 0
            do {
                let log = try RunLog(path: path, keeping: 0)
                try log.append(Self.update(0))
                kept = log.byteCount
                try log.append(Self.update(1))
            }
            let log = try RunLog(path: path, keeping: kept)
            #expect(log.records == [Self.update(0)])
            try log.append(Self.update(7))
            let text = try String(contentsOfFile: path, encoding: .utf8)
            #expect(text == (try Self.update(0).line()) + (try Self.update(7).line()))
        }
    }
}

@Suite struct CurvePageTests {
    @Test func showsCurvesAndEscapesWhatItShows() {
        var recipe = TrainRecipe()
        recipe.epochs = 4
        let records: [RunRecord] =
            [.begin(RunRecord.Begin(version: "1", clips: 9, classes: 3, prompts: 4, updatesPerEpoch: 900, workers: 6))]
            + (0..<900).map { number in
                .update(
                    RunRecord.Update(
                        epoch: 0, update: number, loss: 2 - Double(number) / 900, accuracy: 0.5, rate: 1e-5, norm: 2,
                        clips: 8, seconds: 1, waited: 0))
            } + [
                .epoch(
                    RunRecord.Epoch(
                        epoch: 0, loss: 0.1, accuracy: 0.2, clipsPerSecond: 3, seconds: 4, top1: 0.875, top5: 1,
                        isBest: true)),
                .unreadable(RunRecord.Unreadable(clip: "<i>.mp4", kind: "empty", reason: "no frame")),
            ]
        let page = CurvePage(name: "a<b", recipe: recipe)
        let html = page.html(records, isFinal: false)
        #expect(html.contains("Training a&lt;b") && html.contains("&lt;i&gt;.mp4") && !html.contains("<i>.mp4"))
        #expect(html.contains("87.5 %") && html.contains("http-equiv=\"refresh\""))
        #expect(html.components(separatedBy: "<svg").count == 5)
        #expect(!page.html(records, isFinal: true).contains("http-equiv=\"refresh\""))
        // 900 updates are drawn as 450 points.
        let longest = html.components(separatedBy: "points=\"").dropFirst().map {
            $0.prefix { $0 != "\"" }.split(separator: " ").count
        }.max()
        #expect(longest == 450)
    }

    @Test(arguments: [(0.0, 1.0), (0, 2.7), (0, 0.00034), (0, 101), (0, 9), (-1, 3)])
    func axesHaveAHandfulOfRoundMarks(low: Double, high: Double) {
        let axis = CurveChart.scale(low: low, high: high)
        #expect(axis.low <= low && axis.high >= high)
        let marks = (axis.high - axis.low) / axis.step
        #expect((3...6).contains(marks.rounded()), "\(axis)")
    }

    @Test func theProgressLineTellsTheTimeLeft() {
        var position = RunPosition(quarantine: Quarantine(clips: 10))
        (position.epoch, position.update) = (1, 5)
        position.sums = RunPosition.Sums(batches: 5, loss: 5, clips: 40, correct: 10, seconds: 20)
        let line = TrainProgress.line(position, epochs: 4, updates: 10, secondsPerUpdate: 4)
        #expect(line.hasPrefix("[#########...............] epoch 2/4  update 5/10  loss 1.0000  right 25.0 %"))
        #expect(line.hasSuffix("2.0 clips/s  1:40 left"))
    }
}
