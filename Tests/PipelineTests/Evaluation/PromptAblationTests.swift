import Testing

@testable import Pipeline

@Suite struct PromptAblationTests {
    private static func choices(_ families: [(String, Int)]) -> [(String, [Int])] {
        PromptAblation.choices(families.map { PromptFamily(name: $0, count: $1) }).map { ($0.name, $0.prompts) }
    }

    @Test func everyFamilyAloneWithTheTemplatesAndAllTogether() {
        let choices = Self.choices([("templates", 2), ("synonyms", 1), ("scene", 2)])
        #expect(
            choices.map(\.0) == [
                "templates", "synonyms", "scene", "templates + synonyms", "templates + scene", "all",
            ])
        #expect(choices.map(\.1) == [[0, 1], [2], [3, 4], [0, 1, 2], [0, 1, 3, 4], [0, 1, 2, 3, 4]])
    }

    @Test func nothingStandsTwice() {
        #expect(Self.choices([("templates", 2)]).map(\.0) == ["templates"])
        #expect(Self.choices([("templates", 2), ("scene", 1)]).map(\.0) == ["templates", "scene", "all"])
        #expect(Self.choices([("a", 1), ("b", 1)]).map(\.0) == ["a", "b", "all"])
    }

    @Test func allPromptsGiveTheEvaluationItself() throws {
        let views = ViewProtocol(frames: 4)
        let store = try EvaluationFixture.store(3, views)
        _ = try EvaluationFixture.run([0, 1, 2], views, threads: 1, store: store)
        let dump = EvaluationFixture.dump(store, [0, 1, 2], views)
        let results = PromptAblation.results(dump)
        #expect(results.map(\.choice.name) == ["templates", "synonyms", "all"])
        #expect(results.last?.result == dump.result())
        #expect(results.first?.result != dump.result())
    }
}
