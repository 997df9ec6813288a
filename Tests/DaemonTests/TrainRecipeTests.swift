import Foundation
import Pipeline
import Recognizer
import TestSupport
import Testing

@testable import Daemon

@Suite struct TrainRecipeTests {
    private static let folder = packageRoot.appending(path: "etc/recipes").path

    private static func read(_ text: String) throws -> TrainRecipe {
        try withTemporaryDirectory { directory in
            try text.write(toFile: directory + "/r.yaml", atomically: true, encoding: .utf8)
            var recipe = TrainRecipe()
            try recipe.read(file: directory + "/r.yaml")
            return recipe
        }
    }

    @Test func everyShippedTrainingRecipeIsReadAndNeedsOnlyPathsAndAModel() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: Self.folder)
            .filter { $0.hasPrefix("train-") && $0.hasSuffix(".yaml") }
        #expect(names.count == 17)
        for name in names {
            var recipe = TrainRecipe()
            try recipe.read(file: "\(Self.folder)/\(name)")
            #expect(recipe.data == nil && recipe.list == nil && recipe.output == nil, "\(name)")
            if !recipe.isFromScratch { recipe.model = "m" }
            try recipe.check()
            #expect(try recipe.accumulation(ranks: 1) >= 1, "\(name)")
            #expect(recipe.frames != nil || recipe.geometry != nil, "\(name)")
        }
    }

    @Test func defaultsAreThoseOfKinetics() throws {
        let recipe = TrainRecipe()
        let options = recipe.options(updates: 100, accumulation: 32)
        #expect(options.schedule == CosineSchedule(base: 12e-6, floor: 12e-6 * 0.01, warmUp: 500, updates: 6000))
        #expect(options.optimizer == AdamWOptions())
        #expect(options.optimizer.temporalFactor == 10 && options.optimizer.beta2 == 0.98)
        #expect(options.trained == Set(ParameterName.Part.allCases) && options.seed == 3047)
        #expect(recipe.totalBatch == 256 && recipe.promptsPerStep == 5 && recipe.smoothing == 0.1)
        #expect(recipe.mixing == BatchMixing.Options(mixup: 0.8, cutmix: 1, switchProbability: 0.5))
        #expect(recipe.augmentation.flip == 0.5 && recipe.augmentation.crop == .multiScale)
    }

    @Test func everyKeyIsInTheManual() throws {
        let manual = try String(
            contentsOf: packageRoot.appending(path: "docs/training.md"), encoding: .utf8)
        for key in TrainRecipe.keys + TrainRecipe.geometryKeys + TrainRecipe.warmUpKeys {
            #expect(manual.contains("`\(key)`") || manual.contains("\(key): "), "\(key)")
        }
    }

    @Test func errorsNameLineAndColumn() throws {
        let cases = [
            ("epochs: 3\nepoch: 3\n", ":2:1: unknown key \"epoch\"; did you mean \"epochs\"?"),
            ("\nrate: fast\n", ":2:7: rate: expected a number in 0 ... "),
            ("crop: middle\n", ":1:7: crop: expected one of multi-scale, shifted, centre"),
            ("freeze: [image]\n", ":1:9: freeze: expected some of spatial, temporal, head, text, scale"),
            (
                "memory: 2000\n",
                ":1:9: memory: expected a size such as 500MB, 2GB or 0MB, at most 1000000GB, found \"2000\""
            ),
            ("betas: [0.9]\n", ":1:8: betas: expected two numbers below 1"),
            ("scales: [0.5, 1]\n", ":1:9: scales: expected falling numbers"),
            ("geometry: {frames: 8}\n", ":1:11: geometry.vision_layers: missing; this key is required"),
            ("precision: int8\n", ":1:12: precision: training is in f32 or bf16, not in \"int8\""),
            ("precision: fp16\n", ":1:12: precision: training is in f32 or bf16, not in \"fp16\""),
            ("templates: [a]\n", ":1:12: templates: \"a\" does not hold {} exactly once"),
            ("templates: []\n", ":1:12: templates: expected at least one sentence with {}"),
            ("epsilon: 0\n", ":1:10: epsilon: expected a number in 1e-20 ... 1, found \"0\""),
            ("average: 1\n", ":1:10: average: expected a number in 0 ... 0.999999, found \"1\"; none takes it away"),
            ("clip_norm: 0\n", ":1:12: clip_norm: expected a number in 1e-09 ... 1000000000, found \"0\"; none takes"),
            ("flip: 0\nflip: 0\n", ":2:1: "),
        ]
        for (recipe, expected) in cases {
            let error = #expect(throws: SettingsError.self) { try Self.read(recipe) }
            let text = "\(error, default: "")"
            #expect(text.contains("r.yaml" + expected))
        }
    }

    @Test func whatIsWrittenReadsBackAsTheSame() throws {
        var recipe = try Self.read(
            """
            from_scratch: true
            geometry: {image_size: 32, patch_size: 16, frames: 4, vision_width: 64, vision_layers: 3, embed_dim: 32,
              text_width: 64, text_layers: 1, mask: KMCT}
            freeze: [text, spatial]
            templates: ["{}", "a \\"b\\": {}"]
            rate: 1.25e-7
            clip_norm: none
            average: 0.99
            features: 3
            checkpoint_every: 90s
            memory: 300MB
            scale_limit: 100
            precision: bf16
            max_bad: 0.005%
            """)
        recipe.data = "/clips"
        let again = try TrainRecipe(yaml: recipe.yaml, file: "again")
        #expect(again == recipe)
        #expect(try recipe.differences(from: again).isEmpty)
    }

    @Test func differencesNameWhatChangesNumbersAndNothingElse() throws {
        var (one, other) = (TrainRecipe(), TrainRecipe())
        (other.workers, other.memory, other.checkpointEvery) = (7, 0, .seconds(1))
        #expect(try one.differences(from: other).isEmpty)
        (one.epochs, one.optimizer.gradientLimit) = (3, 1)
        #expect(
            try one.differences(from: other) == ["clip_norm: none there, 1.0 here", "epochs: 60 there, 3 here"])
    }

    @Test func laterSettingsComeBeforeEarlierOnes() throws {
        var recipe = try Self.read("epochs: 3\nflip: 0\nclip_norm: 1\n")
        try recipe.read(assignments: ["epochs=4", "epochs=5", "clip_norm=none", "prompts=[a.csv]"], base: "/here")
        #expect(recipe.epochs == 5 && recipe.augmentation.flip == 0 && recipe.optimizer.gradientLimit == nil)
        #expect(recipe.prompts == ["/here/a.csv"])
        #expect(throws: CommandFailure.self) { try recipe.read(assignments: ["epochs"], base: "/") }
    }

    @Test func aModelThatIsNoneOfTheSaidSizesIsRefused() throws {
        var recipe = try Self.read(
            """
            geometry: {image_size: 32, patch_size: 16, frames: 8, vision_width: 128, vision_layers: 6, embed_dim: 128,
              text_width: 64, text_layers: 2}
            """)
        recipe.model = packageRoot.appending(path: "etc/models/demo").path
        let error = #expect(throws: CommandFailure.self) { try TrainingStart(recipe) }
        #expect(error?.status == .dataError)
        let text = "\(error, default: "")"
        #expect(text.contains("is not what geometry says: image_size 64 instead of 32, "), "\(text)")
        recipe.geometry = nil
        _ = try TrainingStart(recipe)
    }

    @Test func settingsThatExcludeEachOtherAreRefused() throws {
        func fault(_ change: (inout TrainRecipe) -> Void) -> String {
            var recipe = TrainRecipe()
            recipe.model = "m"
            change(&recipe)
            do { try recipe.check() } catch { return error.description }
            return ""
        }
        #expect(fault { _ in } == "")
        #expect(fault { $0.frozen = Set(ParameterName.Part.allCases) }.contains("nothing is left"))
        #expect(fault { $0.optimizer.temporalFactor = 0 }.contains("rate would rise; freeze: [temporal]"))
        #expect(fault { $0.featureViews = 1 }.contains("freeze: [spatial]"))
        #expect(fault { ($0.featureViews, $0.frozen) = (1, [.spatial]) }.contains("mixup"))
        #expect(fault { $0.warmUpEpochs = 61 }.contains("warm_up_epochs"))
        #expect(fault { $0.model = nil }.contains("--model"))
        #expect(fault { ($0.model, $0.isFromScratch) = (nil, true) }.contains("geometry"))
        let both = fault { ($0.geometry, $0.isFromScratch) = (RandomModel.geometry(), true) }
        #expect(both.contains("say from_scratch=false"))
        #expect(fault { $0.views = "2x2" }.contains("views"))
        var recipe = TrainRecipe()
        recipe.batch = 24
        #expect(throws: CommandFailure.self) { try recipe.accumulation(ranks: 1) }
        recipe.batch = 8
        #expect(try recipe.accumulation(ranks: 2) == 16)
    }
}
