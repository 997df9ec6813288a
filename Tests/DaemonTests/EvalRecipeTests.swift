import Foundation
import Pipeline
import Recognizer
import TestSupport
import Testing

@testable import Daemon

@Suite struct EvalRecipeTests {
    private static let folder = packageRoot.appending(path: "etc/recipes").path

    private static func read(_ text: String) throws -> EvalSettings {
        try withTemporaryDirectory { directory in
            try text.write(toFile: directory + "/r.yaml", atomically: true, encoding: .utf8)
            return try EvalSettings(recipe: directory + "/r.yaml")
        }
    }

    @Test func everyShippedRecipeIsReadAndNeedsOnlyPaths() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: Self.folder)
            .filter { $0.hasSuffix(".yaml") && !$0.hasPrefix("train-") }
        #expect(names.count == 24)
        for name in names {
            let recipe = try EvalSettings(recipe: "\(Self.folder)/\(name)")
            #expect(recipe.data == nil && recipe.list == nil && recipe.labels == nil, "\(name)")
            let frames = try #require(recipe.frames, "\(name)")
            let views = try recipe.viewProtocol(frames: frames)
            #expect(views.count == (name == "demo.yaml" ? 1 : 12), "\(name)")
            let size = [recipe.image, recipe.patch].compactMap { $0 }
            #expect(size.count == 2 && size[0] % size[1] == 0, "\(name)")
        }
    }

    @Test func publishedFiguresStandByMask() throws {
        let recipe = try EvalSettings(recipe: Self.folder + "/k400-b16-16.yaml")
        #expect(recipe.published?[.kmt] == EvalSettings.Published(top1: 85.9, top5: 97.3))
        #expect(recipe.published?[.kmct] == EvalSettings.Published(top1: 86, top5: 97.2))
        #expect(try EvalSettings(recipe: Self.folder + "/zero-shot-k600.yaml").published?[.kmct]?.top5 == nil)
    }

    @Test func errorsNameLineAndColumn() throws {
        let cases = [
            ("views: 4x3\nveiws: 4x3\n", ":2:1: unknown key \"veiws\"; did you mean \"views\"?"),
            ("\nviews: 4x2\n", ":2:8: views: expected 1 to 64 clips times 1 or 3 crops, such as 4x3, found 4x2"),
            ("sampling: sparse\n", ":1:11: sampling: expected one of segments, dense"),
            ("max_bad: 150%\n", ":1:10: max_bad: expected a share such as 5% or 0.05, found \"150%\""),
            ("published:\n  KMT: {top5: 3}\n", ":2:8: published.KMT.top1: missing; this key is required"),
            ("frames: eight\n", ":1:9: frames: expected a whole number in 1 ... 1024"),
            ("frames: 8\nframes: 8\n", ":2:1: "),
        ]
        for (text, expected) in cases {
            let error = #expect(throws: SettingsError.self) { try Self.read(text) }
            #expect("\(error, default: "")".contains("r.yaml" + expected))
        }
    }

    @Test func pathsStartFromTheRecipesDirectory() throws {
        let recipe = try Self.read("model: demo\ndata: clips\nlist: /srv/val.txt\nprompts: [a.csv]\n")
        #expect(recipe.model == "demo")
        #expect(recipe.data?.hasSuffix("/clips") == true && recipe.data?.hasPrefix("/") == true)
        #expect(recipe.list == "/srv/val.txt")
        #expect(recipe.prompts?.first?.hasPrefix("/") == true)
    }

    @Test func assignmentsComeBeforeTheRecipe() throws {
        let recipe = try Self.read("views: 4x3\nlimit: 5\nmin_top1: 0.5\n")
        let changed = try EvalSettings(
            assignments: ["views=2x1", "min_top1=80%", "prompts=[a.csv, b.csv]", "views=8x1"], base: "/here")
        let both = changed.over(recipe)
        #expect(both.views == "8x1" && both.limit == 5 && both.minTop1 == 0.8)
        #expect(both.prompts == ["/here/a.csv", "/here/b.csv"])
        #expect(throws: CommandFailure.self) { try EvalSettings(assignments: ["views"], base: "/") }
        let error = #expect(throws: SettingsError.self) { try EvalSettings(assignments: ["view=4x3"], base: "/") }
        #expect("\(error, default: "")".contains("--set view=4x3"))
    }

    @Test func aModelOfAnotherShapeIsRefused() throws {
        var settings = EvalSettings()
        (settings.frames, settings.patch) = (8, 16)
        var geometry = GoldenModel.geometry(.kmct)
        geometry.frames = 8
        let error = #expect(throws: CommandFailure.self) { try settings.check(geometry, name: "m") }
        #expect(error?.description == "model m is not what the recipe is for: patch 8 instead of 16")
        settings.patch = 8
        try settings.check(geometry, name: "m")
    }

    @Test func sharesAreReadStrictly() {
        #expect(EvalSettings.share("5%") == 0.05)
        #expect(EvalSettings.share("0.05") == 0.05)
        #expect(EvalSettings.share("100%") == 1)
        for text in ["", "%", "5", "-1%", "101%", "5 %", "1e-2", "nan"] {
            #expect(EvalSettings.share(text) == nil, "\(text)")
        }
    }
}
