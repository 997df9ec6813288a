import Recognizer
import Testing

@Suite struct PromptSetTests {
    private func tokens(_ text: String) throws -> [Int32] {
        try Tokenizer.bytes.prompt(text, contextLength: 77)
    }

    private func set(_ actions: [ActionText], _ templates: [String], contextLength: Int = 77) throws -> PromptSet {
        try PromptSet(actions: actions, templates: templates, tokenizer: .bytes, contextLength: contextLength)
    }

    @Test func putsEachActionIntoEachTemplate() throws {
        let set = try set([ActionText(label: "wave", text: "waving"), ActionText(label: "fall")], ["{}", "a {}, {}!"])
        #expect(set.labels == ["wave", "fall"])
        #expect(
            set.prompts == [
                [try tokens("waving"), try tokens("fall")],
                [try tokens("a waving, waving!"), try tokens("a fall, fall!")],
            ])
        #expect(set.longestPrompt == (try tokens("a waving, waving!")).count)
    }

    @Test func putsInterpretationsBehindTheTemplates() throws {
        let actions = [
            ActionText(label: "wave", interpretations: ["a hand moves", "greeting"]),
            ActionText(label: "fall", interpretations: ["{} is kept", "on the floor"]),
        ]
        let set = try set(actions, ["{}"])
        #expect(set.prompts.map(\.count) == [2, 2, 2])
        #expect(set.prompts[1] == [try tokens("a hand moves"), try tokens("{} is kept")])
        #expect(try self.set(actions, []).prompts == Array(set.prompts.dropFirst()))
    }

    @Test func digestFollowsTheTokensAndTheirArrangement() throws {
        let one = try set([ActionText(label: "a"), ActionText(label: "b")], ["{}"])
        #expect(one.digest == (try set([ActionText(label: "x", text: "A "), ActionText(label: "b")], ["{}"])).digest)
        #expect(one.digest != (try set([ActionText(label: "b"), ActionText(label: "a")], ["{}"])).digest)
        #expect(one.digest != (try set([ActionText(label: "a", interpretations: ["b"])], ["{}"])).digest)
    }

    @Test func namesTheTemplateWithoutAPlace() throws {
        let error = try #require(throws: RecognizerError.self) {
            try set([ActionText(label: "wave")], ["{}", "a {} b", "person"])
        }
        #expect(error.description == "prompt \"person\": a template has {} where the action goes")
    }

    @Test func namesTheActionWithAnotherNumberOfPrompts() throws {
        let actions = [
            ActionText(label: "wave", interpretations: ["x"]), ActionText(label: "fall", interpretations: ["x", "y"]),
        ]
        let error = try #require(throws: RecognizerError.self) { try set(actions, ["{}"]) }
        #expect(
            error.description == "prompt \"fall\": 2 prompts of its own, but \"wave\" has 1; every action needs as many"
        )
    }

    @Test func namesThePromptThatIsTooLong() {
        #expect(throws: RecognizerError.textTooLong(text: "a waving", tokens: 9, limit: 8)) {
            try set([ActionText(label: "waving")], ["a {}"], contextLength: 8)
        }
    }

    @Test func refusesNothingToAsk() {
        #expect(throws: RecognizerError.self) { try set([], ["{}"]) }
        #expect(throws: RecognizerError.self) { try set([ActionText(label: "wave")], []) }
        #expect(throws: RecognizerError.emptyText) { try set([ActionText(label: " ")], ["a {}"]) }
        #expect(throws: RecognizerError.emptyText) { try set([ActionText(label: "a", interpretations: [""])], ["{}"]) }
    }
}
