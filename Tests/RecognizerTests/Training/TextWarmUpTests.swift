import TestSupport
import Testing

@testable import Recognizer

@Suite struct TextWarmUpTests {
    private static let geometry = RandomModel.geometry()

    private func texts(prompts: Int, classes: Int) -> [[[Int32]]] {
        TrainingCase.random(Self.geometry, clips: 1, prompts: prompts, classes: classes).prompts
    }

    @Test func gradientIsTheSlopeOfTheLoss() {
        var numbers = SeededNumbers(seed: 3)
        let (classes, width) = ([0, 1, 0, 2, 1, 2, 0], 5)
        let features = numbers.floats(classes.count * width)
        var gradient = [Float](repeating: 0, count: features.count)
        var scratch = [Float](repeating: 0, count: classes.count * classes.count)
        let loss = ContrastiveLoss(temperature: 0.5)
        func value(_ features: [Float]) -> Double {
            loss.run(dFeatures: &gradient, features, classes: classes, width: width, shares: &scratch)
        }
        _ = value(features)
        let analytic = gradient
        let step: Float = 1.0 / 256
        let numeric = features.indices.map { index -> Float in
            var (up, down) = (features, features)
            up[index] += step
            down[index] -= step
            return Float((value(up) - value(down)) / Double(2 * step))
        }
        expectClose(analytic, numeric, Tolerance(absolute: 2e-4), "contrastive gradient")
    }

    @Test func classesMoveApartAndNothingElseChanges() throws {
        let (prompts, classes) = (3, 4)
        let texts = texts(prompts: prompts, classes: classes)
        let weights = InitialWeights.random(Self.geometry, seed: 1)
        var warmUp = TextWarmUp()
        warmUp.updates = 25
        var losses: [Double] = []
        let outcome = try warmUp.run(
            weights: weights, geometry: Self.geometry, prompts: texts, pool: WorkerPool(workers: 2),
            progress: { losses.append($1) })
        let trained = try #require(outcome)
        #expect(losses.count == 25)
        #expect(try #require(losses.last) < 0.75 * losses[0], "\(losses)")
        for (name, tensor) in weights.tensors where ParameterName.part(name) != .text {
            #expect(try #require(trained.tensors[name]).floats() == tensor.floats(), "\(name)")
        }
        let encoder = try TextEncoder(
            weights: ModelWeights(trained), geometry: Self.geometry,
            backend: CPUBackend.openBLAS(pool: WorkerPool(workers: 1)))
        let features = encoder.unitFeatures(texts.flatMap { $0 }).values
        func cosine(_ a: Int, _ b: Int) -> Float {
            let width = Self.geometry.embeddingWidth
            return (0..<width).reduce(0) { $0 + features[a * width + $1] * features[b * width + $1] }
        }
        let count = prompts * classes
        let pairs = (0..<count).flatMap { a in (0..<a).map { (a, $0) } }
        func mean(_ same: Bool) -> Float {
            let chosen = pairs.filter { ($0.0 % classes == $0.1 % classes) == same }
            return chosen.reduce(0) { $0 + cosine($1.0, $1.1) } / Float(chosen.count)
        }
        #expect(mean(true) > mean(false) + 0.3, "\(mean(true)) \(mean(false))")
    }

    @Test func moreTextsThanFitAreDrawnAnewEachTime() throws {
        var warmUp = TextWarmUp()
        (warmUp.updates, warmUp.textsAtOnce) = (4, 8)
        var losses: [Double] = []
        _ = try warmUp.run(
            weights: InitialWeights.random(Self.geometry, seed: 1), geometry: Self.geometry,
            prompts: texts(prompts: 6, classes: 4), pool: WorkerPool(workers: 1), progress: { losses.append($1) })
        #expect(losses.allSatisfy { $0.isFinite } && Set(losses).count == 4)
    }

    @Test func stopsBeforeTheNextUpdate() throws {
        var updates: [Int] = []
        let outcome = try TextWarmUp().run(
            weights: InitialWeights.random(Self.geometry, seed: 1), geometry: Self.geometry,
            prompts: texts(prompts: 2, classes: 2), pool: WorkerPool(workers: 1),
            isInterrupted: { updates.count == 2 }, progress: { update, _ in updates.append(update) })
        #expect(outcome == nil && updates == [1, 2])
    }

    @Test func onePromptPerClassIsRefused() {
        #expect(throws: RecognizerError.self) {
            try TextWarmUp().run(
                weights: InitialWeights.random(Self.geometry, seed: 1), geometry: Self.geometry,
                prompts: texts(prompts: 1, classes: 4), pool: WorkerPool(workers: 1))
        }
    }

    @Test func initialWeightsHaveTheSpreadOfTheScheme() throws {
        let weights = InitialWeights.random(Self.geometry, seed: 4)
        #expect(Set(weights.tensors.keys) == Set(ModelTensors.shapes(of: Self.geometry).keys))
        func deviation(_ name: String) throws -> Float {
            let values = try #require(weights.tensors[name]).floats().values
            return (values.reduce(0) { $0 + $1 * $1 } / Float(values.count)).squareRoot()
        }
        for (name, expected) in [
            ("visual.transformer.resblocks.0.attn.in_proj_weight", Float(128).squareRoot()),
            ("visual.transformer.resblocks.0.mlp.c_fc.weight", Float(256).squareRoot()),
            ("visual.transformer_t.resblocks.1.temporal_mlp.c_proj.weight", Float(128 * 4).squareRoot()),
            ("visual.conv1.weight", Float(3 * 192).squareRoot()), ("token_embedding.weight", 5),
            ("visual.ln_pre.weight", 1),
        ] {
            let actual = try deviation(name) * expected
            #expect(abs(actual - 1) < 0.03, "\(name): \(actual) of what is expected")
        }
        #expect(try deviation("visual.transformer.resblocks.0.attn.out_proj.bias") == 0)
        let again = InitialWeights.random(Self.geometry, seed: 4)
        #expect(
            again.tensors["visual.proj"]?.floats() == weights.tensors["visual.proj"]?.floats()
                && InitialWeights.random(Self.geometry, seed: 5).tensors["visual.proj"]?.floats()
                    != weights.tensors["visual.proj"]?.floats()
        )
    }
}
