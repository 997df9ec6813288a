import Foundation
import TestSupport
import Testing

@testable import Recognizer

@Suite struct TrainingStepTests {
    private static let geometry = RandomModel.geometry(spatialLayers: 2, temporalLayers: 2, mask: .kmct)

    private func values(_ state: StateDict) -> [String: [Float]] { state.tensors.mapValues { $0.floats().values } }

    @Test func workersChangeNoBit() throws {
        // Enough rows for several parts and slices.
        let it = TrainingCase.random(Self.geometry, clips: 14)
        let alone = try it.gradients(workers: 1)
        for workers in [2, 3, 5] {
            #expect(try it.gradients(workers: workers) == alone, "\(workers) workers")
        }
    }

    @Test func checkpointingChangesNoBit() throws {
        let it = TrainingCase.random(Self.geometry)
        let plain = try it.gradients(options: TrainingCase.options { $0.dropPath = 0.3 })
        let again = try it.gradients(
            options: TrainingCase.options {
                $0.dropPath = 0.3
                $0.checkpointing = true
            })
        #expect(plain == again)
    }

    @Test func textsInSeveralGroupsGiveTheSameGradients() throws {
        let it = TrainingCase.random(Self.geometry, prompts: 3, classes: 5)
        expectGradientsClose(try it.gradients(textRows: 24), try it.gradients(), share: 1e-5)
    }

    @Test func accumulatedHalvesEqualTheWhole() throws {
        let it = TrainingCase.random(Self.geometry, clips: 4)
        let halves = TrainingCase.random(Self.geometry, clips: 4)
        let step = try it.step(options: TrainingCase.options { $0.accumulation = 2 })
        let (patches, classes) = (it.patches.count / 2, it.targets.count / 2)
        var losses: [Double] = []
        for half in 0..<2 {
            let part = TrainingCase(
                geometry: it.geometry, weights: halves.weights,
                patches: Array(it.patches[half * patches..<(half + 1) * patches]), clips: 2,
                targets: Array(it.targets[half * classes..<(half + 1) * classes]), prompts: it.prompts)
            losses.append(try part.accumulate(step).loss)
        }
        expectGradientsClose(values(step.gradients), try it.gradients(), share: 1e-5)
        let whole = try it.accumulate(it.step()).loss
        #expect(abs(losses.reduce(0, +) / 2 - whole) < 1e-6)
    }

    @Test func aResumedRunRepeatsEveryBit() throws {
        let it = TrainingCase.random(Self.geometry)
        let options = TrainingCase.options {
            $0.dropPath = 0.2
            $0.averageDecay = 0.9
            $0.optimizer.gradientLimit = 1
            $0.optimizer.layerDecay = 0.8
        }
        func train(_ step: TrainingStep) throws {
            try it.accumulate(step)
            #expect(step.update().isFinite)
        }
        let whole = try it.step(options: options)
        for _ in 0..<3 { try train(whole) }

        let first = try it.step(options: options)
        for _ in 0..<2 { try train(first) }
        let folder = FileManager.default.temporaryDirectory.appending(path: "resume-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (weights, state) = (
            folder.appending(path: "w.safetensors").path, folder.appending(path: "o.safetensors").path
        )
        try SafetensorsWriter.write(first.weights, to: weights)
        try SafetensorsWriter.write(first.optimizerState, to: state)

        // Other weights, so that what is not restored shows.
        let other = TrainingCase.random(Self.geometry, seed: 9)
        let resumed = try TrainingCase(
            geometry: it.geometry, weights: other.weights, patches: it.patches, clips: it.clips, targets: it.targets,
            prompts: it.prompts
        ).step(workers: 3, options: options)
        try resumed.restore(
            weights: CheckpointReader.read(weights), optimizerState: CheckpointReader.read(state))
        #expect(resumed.updates == 2)
        try train(resumed)
        #expect(values(resumed.weights) == values(whole.weights))
        #expect(values(resumed.optimizerState) == values(whole.optimizerState))
        #expect(resumed.optimizerState.metadata == whole.optimizerState.metadata)
        let averaged = try #require(resumed.averagedWeights)
        #expect(values(averaged) == values(try #require(whole.averagedWeights)))
        #expect(values(averaged) != values(whole.weights))
    }

    @Test func aStateOfAnotherModelIsRefused() throws {
        let it = TrainingCase.random(Self.geometry)
        let step = try it.step()
        var state = step.optimizerState
        state.tensors["exp_avg.visual.proj"] = StoredTensor(Tensor(zeros: [1, 2]))
        #expect(
            throws: RecognizerError.shapeMismatch(tensor: "exp_avg.visual.proj", expected: [128, 40], actual: [1, 2])
        ) {
            try step.restore(weights: it.weights, optimizerState: state)
        }
        state.metadata = [:]
        #expect(throws: RecognizerError.self) { try step.restore(weights: it.weights, optimizerState: state) }
    }

    @Test func clippingScalesTheStepOfAllParameters() throws {
        let it = TrainingCase.random(Self.geometry)
        let plain = try it.step()
        try it.accumulate(plain)
        let norm = plain.update()
        let limit = norm / 4
        let clipped = try it.step(options: TrainingCase.options { $0.optimizer.gradientLimit = limit })
        try it.accumulate(clipped)
        #expect(clipped.update() == norm)
        // After one step the mean is a tenth of the gradient.
        for (name, tensor) in plain.optimizerState.tensors where name.hasPrefix("exp_avg.") {
            let expected = tensor.floats().values.map { $0 * Float(limit / (norm + 1e-6)) }
            let actual = try #require(clipped.optimizerState.tensors[name]).floats().values
            expectClose(actual, expected, Tolerance(absolute: 1e-12, relative: 1e-5), name)
        }
    }

    @Test func gradientsThatAreNotFiniteChangeNothing() throws {
        var it = TrainingCase.random(Self.geometry)
        let step = try it.step()
        it = TrainingCase(
            geometry: it.geometry, weights: it.weights, patches: it.patches.map { _ in .nan }, clips: it.clips,
            targets: it.targets, prompts: it.prompts)
        #expect(!(try it.accumulate(step).loss.isFinite))
        let before = values(step.weights)
        #expect(!step.update().isFinite)
        #expect(step.updates == 0)
        #expect(values(step.weights) == before)
    }

    @Test func oneWeightThatIsNotFiniteIsFound() throws {
        let it = TrainingCase.random(Self.geometry)
        #expect(try it.step().isFinite)
        for value in [Float.nan, .infinity, -.infinity] {
            var weights = it.weights
            weights.tensors["logit_scale"] = StoredTensor(Tensor(shape: [], values: [value]))
            let ruined = TrainingCase(
                geometry: it.geometry, weights: weights, patches: it.patches, clips: it.clips, targets: it.targets,
                prompts: it.prompts)
            #expect(!(try ruined.step().isFinite), "\(value)")
        }
    }

    @Test func bytesGrowWithTheBatchAndShrinkWithWhatIsFrozenOrComputedAgain() {
        func bytes(_ clips: Int, _ change: (inout TrainingOptions) -> Void = { _ in }) -> Int {
            TrainingStep.byteCount(
                Self.geometry, TrainingCase.options(change), TrainingCapacity(clips: clips, prompts: 2, classes: 3))
        }
        // In proportion, but for what is rounded up to cache lines.
        #expect(bytes(4) > bytes(2) && abs(bytes(8) - bytes(4) - 2 * (bytes(4) - bytes(2))) < 4096)
        #expect(bytes(4) { $0.checkpointing = true } < bytes(4))
        #expect(bytes(4) { $0.trained = [.temporal] } < bytes(4) { $0.trained.remove(.text) })
        #expect(bytes(4) { $0.averageDecay = 0.9 } - bytes(4) == 4 * ParameterLayout(Self.geometry).count)
    }

    @Test func frozenTextTakesFeaturesAndKeepsItsWeights() throws {
        let it = TrainingCase.random(Self.geometry)
        let options = TrainingCase.options { $0.trained = [.spatial, .temporal, .head, .scale] }
        let step = try it.step(options: options)
        let units = step.encodeTexts(it.prompts.flatMap { $0 })
        let features = Tensor(
            shape: [it.prompts.count, it.prompts[0].count, Self.geometry.embeddingWidth], values: units.values)
        let outcome = try it.accumulate(step, prompts: features)
        let whole = try it.step()
        #expect(try it.accumulate(whole).loss == outcome.loss)
        let all = values(whole.gradients)
        #expect(values(step.gradients) == all.filter { ParameterName.part($0.key) != .text })
        _ = step.update()
        for (name, tensor) in step.weights.tensors {
            let before = try #require(it.weights.tensors[name]).floats()
            #expect((tensor.floats() == before) == (ParameterName.part(name) == .text), "\(name)")
        }
    }

    @Test func frozenImageStopsAtTheTemporalPartAndTakesFeatures() throws {
        let it = TrainingCase.random(Self.geometry)
        let step = try it.step(options: TrainingCase.options { $0.trained = [.temporal, .head] })
        let outcome = try it.accumulate(step)
        let fromPatches = values(step.gradients)
        let all = try it.gradients()
        #expect(fromPatches == all.filter { [.temporal, .head].contains(ParameterName.part($0.key)) })

        step.discard()
        let count = it.clips * Self.geometry.frames * Self.geometry.tokens * Self.geometry.visionWidth
        var spatial = [Float](repeating: 0, count: count)
        try it.patches.withUnsafeBufferPointer { patches in
            step.encodeSpatial(&spatial, try #require(patches.baseAddress), count: it.clips)
        }
        let again = try spatial.withUnsafeBufferPointer { spatial in
            try it.targets.withUnsafeBufferPointer { targets in
                step.accumulate(
                    TrainingStep.Batch(
                        clips: .features(try #require(spatial.baseAddress)), count: it.clips,
                        targets: try #require(targets.baseAddress), prompts: .tokens(it.prompts)))
            }
        }
        #expect(again == outcome)
        #expect(values(step.gradients) == fromPatches)
    }

    /// At a rate of a half the second of two blocks leaves a branch out or takes it twice, as if the branch's last matrix and
    /// bias were none or twice what they are: losses and gradients of that model are known without DropPath.
    @Test func aBranchIsLeftOutOrScaledUp() throws {
        let geometry = RandomModel.geometry(spatialLayers: 1, temporalLayers: 1, mask: .kmt)
        let it = TrainingCase.random(geometry, clips: 1)
        let block = ModelTensors.temporalBlock(0)
        typealias Branches = (attention: Float, tail: Float)
        func factor(_ name: String, _ branches: Branches) -> Float {
            if name.hasPrefix(block + "attn.out_proj.") { return branches.attention }
            return name.hasPrefix(block + "mlp.c_proj.") ? branches.tail : 1
        }
        let all: [Branches] = [(0, 0), (0, 2), (2, 0), (2, 2)]
        let cases: [(branches: Branches, loss: Double, gradients: [String: [Float]])] =
            try all.map { branches in
                var weights = it.weights
                for (name, tensor) in weights.tensors {
                    let floats = tensor.floats()
                    weights.tensors[name] = StoredTensor(
                        Tensor(shape: floats.shape, values: floats.values.map { $0 * factor(name, branches) }))
                }
                let scaled = TrainingCase(
                    geometry: geometry, weights: weights, patches: it.patches, clips: 1, targets: it.targets,
                    prompts: it.prompts)
                let step = try scaled.step()
                return (branches, try scaled.accumulate(step).loss, values(step.gradients))
            }
        var seen: Set<Int> = []
        for seed in 0..<24 {
            let step = try it.step(
                options: TrainingCase.options {
                    $0.dropPath = 0.5
                    $0.seed = UInt64(seed)
                })
            let loss = try it.accumulate(step).loss
            let found = try #require(cases.firstIndex { abs($0.loss - loss) < 1e-6 * $0.loss }, "seed \(seed): \(loss)")
            guard seen.insert(found).inserted else { continue }
            let expected = cases[found].gradients.map { name, values in
                (name, values.map { $0 * factor(name, cases[found].branches) })
            }
            expectGradientsClose(
                values(step.gradients), Dictionary(uniqueKeysWithValues: expected), share: 1e-4)
        }
        #expect(seen.count == 4)
    }

    @Test func theAverageMovesByWhatTheDecayLeaves() throws {
        let it = TrainingCase.random(Self.geometry)
        let step = try it.step(options: TrainingCase.options { $0.averageDecay = 0.75 })
        let before = values(step.weights)
        try it.accumulate(step)
        _ = step.update()
        let after = values(step.weights)
        for (name, averaged) in values(try #require(step.averagedWeights)) {
            let expected = zip(before[name] ?? [], after[name] ?? []).map { 0.75 * $0 + 0.25 * $1 }
            expectClose(averaged, expected, Tolerance(absolute: 1e-7, relative: 1e-6), name)
        }
    }

    @Test func theScaleStopsAtItsLimit() throws {
        func train(_ scale: Double, limit: Float?) throws -> (loss: Double, gradient: Float) {
            var it = TrainingCase.random(Self.geometry)
            var weights = it.weights
            weights.tensors["logit_scale"] = StoredTensor(Tensor(shape: [], values: [Float(log(scale))]))
            it = TrainingCase(
                geometry: it.geometry, weights: weights, patches: it.patches, clips: it.clips, targets: it.targets,
                prompts: it.prompts)
            let step = try it.step(options: TrainingCase.options { if let limit { $0.scaleLimit = limit } })
            let loss = try it.accumulate(step).loss
            return (loss, try #require(values(step.gradients)["logit_scale"]).first ?? .nan)
        }
        let (above, at) = (try train(200, limit: 100), try train(100, limit: nil))
        #expect(abs(above.loss - at.loss) < 1e-5 * at.loss && above.gradient == 0)
        #expect(at.gradient != 0)
        let below = try train(50, limit: 100)
        #expect(try below == train(50, limit: nil) && below.gradient != 0)
    }

    /// The first step of Adam is as long as the rate, whatever the gradient.
    @Test func theRateIsThatOfTheUpdatesPlace() throws {
        let it = TrainingCase.random(Self.geometry)
        let name = "visual.proj"
        func change(at place: Int?) throws -> Float {
            let step = try it.step(options: TrainingCase.options { $0.optimizer.weightDecay = 0 })
            try it.accumulate(step)
            _ = step.update(at: place)
            let after = try #require(step.weights.tensors[name]).floats().values
            let before = try #require(it.weights.tensors[name]).floats().values
            return zip(after, before).map { abs($0 - $1) }.max() ?? 0
        }
        let first = try change(at: nil)
        #expect(try change(at: 1) == first)
        #expect(abs(try change(at: 3) / first - 3) < 1e-3)
    }

    @Test func anUpdateOfHalfItsBatchesIsTheMeanOfThese() throws {
        let it = TrainingCase.random(Self.geometry)
        func weights(_ accumulation: Int, share: Double) throws -> (norm: Double, values: [String: [Float]]) {
            let step = try it.step(
                options: TrainingCase.options {
                    $0.accumulation = accumulation
                    $0.optimizer.gradientLimit = 0.01
                })
            try it.accumulate(step)
            let norm = step.update(share: share)
            return (norm, step.weights.tensors.mapValues { $0.floats().values })
        }
        let (whole, half) = (try weights(1, share: 1), try weights(2, share: 0.5))
        #expect(whole.norm > 0.01 && half.norm == whole.norm && half.values == whole.values)
        #expect(try weights(2, share: 1).norm == whole.norm / 2)
    }

    @Test func blocksAreCountedFromTheEndOfTheirTower() {
        let geometry = RandomModel.geometry(spatialLayers: 2, temporalLayers: 2, mask: .kmt)
        let last = geometry.textLayers - 1
        for (name, distance) in [
            ("visual.transformer_t.resblocks.0.mlp.c_fc.weight", 0), ("visual.temporal_embedding", 0),
            ("visual.ln_post.weight", 0), ("logit_scale", 0), ("text_projection", 0), ("ln_final.bias", 0),
            ("visual.transformer.resblocks.0.ln_1.bias", 2), ("visual.ln_pre.weight", 3),
            ("transformer.resblocks.\(last).ln_1.bias", 1), ("transformer.resblocks.0.ln_1.bias", last + 1),
            ("token_embedding.weight", last + 2), ("positional_embedding", last + 2),
        ] {
            #expect(ParameterName.distanceFromHead(name, geometry) == distance, "\(name)")
        }
    }

    @Test func layerDecaySlowsWhatIsFarFromTheHead() throws {
        let it = TrainingCase.random(Self.geometry)
        func change(_ decay: Double, _ name: String) throws -> Float {
            let step = try it.step(
                options: TrainingCase.options {
                    $0.optimizer.layerDecay = decay
                    $0.optimizer.weightDecay = 0
                })
            try it.accumulate(step)
            _ = step.update()
            let after = try #require(step.weights.tensors[name]).floats().values
            let before = try #require(it.weights.tensors[name]).floats().values
            return zip(after, before).map { abs($0 - $1) }.max() ?? 0
        }
        for (name, distance) in [
            ("visual.proj", 0), ("visual.transformer.resblocks.1.mlp.c_fc.weight", 1),
            ("visual.transformer.resblocks.0.mlp.c_fc.weight", 2), ("visual.conv1.weight", 3),
        ] {
            let ratio = try change(0.5, name) / change(1, name)
            #expect(abs(Double(ratio) - pow(0.5, Double(distance))) < 0.01, "\(name): \(ratio)")
        }
    }

    @Test func lossFallsOnABatchSeenAgainAndAgain() throws {
        let it = TrainingCase.random(Self.geometry)
        let step = try it.step()
        let first = try it.accumulate(step).loss
        _ = step.update()
        var last = first
        for _ in 0..<8 {
            last = try it.accumulate(step).loss
            _ = step.update()
        }
        #expect(last < first, "\(first) to \(last)")
    }
}
