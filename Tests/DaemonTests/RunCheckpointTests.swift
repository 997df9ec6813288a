import Foundation
import Pipeline
import Recognizer
import TestSupport
import Testing

@testable import Daemon

@Suite struct RunCheckpointTests {
    private static let state = StateDict(tensors: ["a.weight": StoredTensor(Tensor(shape: [2], values: [1, 2]))])
    private static let optimizer = StateDict(
        tensors: ["exp_avg.a.weight": StoredTensor(Tensor(shape: [2], values: [3, 4]))], metadata: ["updates": "7"])
    private static func identity(_ labels: [String]) -> RunIdentity {
        RunIdentity(weightsDigest: "w", listDigest: "l", valDigest: nil, labels: labels, promptsDigest: labels.joined())
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
        var (before, now) = (Self.identity(["x"]), Self.identity(["x"]))
        (before.traits, now.traits) = (["frames 8", "mask KMT"], ["frames 8", "mask KMCT"])
        #expect(now.differences(from: before) == ["the model had mask KMT, has mask KMCT"])
        before.traits = nil
        #expect(now.differences(from: before).isEmpty, "an older checkpoint does not say")
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

    /// A bit of a weight, and a number of the position: both read well, and neither is what was written.
    @Test func damageIsFoundWhereverItIs() throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/c.safetensors"
            try Self.checkpoint().write(to: path)
            let whole = try Data(contentsOf: URL(filePath: path))
            var bit = whole
            bit[bit.count - 1] ^= 1
            var number = whole
            let place = try #require(whole.range(of: Data(#"\"update\":5"#.utf8)))
            number[place.upperBound - 1] = UInt8(ascii: "6")
            for damaged in [bit, number] {
                try damaged.write(to: URL(filePath: path))
                let error = #expect(throws: RecognizerError.self) { try RunCheckpoint(path: path) }
                #expect("\(error, default: "")".contains("it is damaged"))
            }
        }
    }

    @Test func theModelIsTheAverageWhereOneIsKept() {
        var checkpoint = Self.checkpoint()
        #expect(checkpoint.model.tensors["a.weight"]?.floats().values == [1, 2])
        var kept = Self.optimizer
        kept.tensors["average.a.weight"] = StoredTensor(Tensor(shape: [2], values: [5, 6]))
        checkpoint = RunCheckpoint(
            recipe: checkpoint.recipe, identity: checkpoint.identity, position: checkpoint.position,
            weights: Self.state, optimizerState: kept)
        #expect(checkpoint.model.tensors["a.weight"]?.floats().values == [5, 6])
        #expect(checkpoint.model.tensors.count == 1)
    }
}
