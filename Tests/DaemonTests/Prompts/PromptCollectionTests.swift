import Recognizer
import Testing

@testable import Daemon

@Suite struct PromptCollectionTests {
    private let limit = TextLimit(tokenizer: .bytes, contextLength: 77)
    private let long = "a very long text, and after that " + String(repeating: "more of it ", count: 20)

    private func collection(_ count: Int, kept: [String] = []) -> PromptCollection {
        PromptCollection(family: .synonyms, action: "waving", kept: kept, count: count, limit: limit)
    }

    private func demand(_ collection: PromptCollection) throws -> PromptDemand {
        guard case .ask(let demand) = collection.next else { throw Unexpected(action: collection.next) }
        return demand
    }

    private struct Unexpected: Error { let action: PromptCollection.Action }

    @Test func asksForFiveAtATimeAndNamesWhatIsThere() throws {
        var collection = collection(7)
        #expect(try demand(collection).count == 5)
        #expect(try demand(collection).present.isEmpty)
        collection.take(["a", "b", "c", "d", "e"])
        #expect(try demand(collection).count == 2)
        #expect(try demand(collection).present == ["a", "b", "c", "d", "e"])
        collection.take(["f", "g", "h"])
        #expect(collection.next == .complete(["a", "b", "c", "d", "e", "f", "g"]))
    }

    @Test func goesOnFromTextsThatAreKept() throws {
        let kept = collection(3, kept: ["a", "b", "A."])
        #expect(try demand(kept).count == 1)
        #expect(collection(2, kept: ["a", "b"]).next == .complete(["a", "b"]))
    }

    @Test func takesNoTextTwiceNorTheNameOfTheAction() throws {
        var collection = collection(3)
        collection.take(["a hand moves", "A hand moves.", "Waving!", "an arm moves"])
        #expect(collection.texts == ["a hand moves", "an arm moves"])
        #expect(collection.tally.repeated == 2)
        #expect(try demand(collection).count == 1)
    }

    @Test func asksForShorterTextsBeforeItCuts() throws {
        var collection = collection(2)
        let words = try demand(collection).words
        collection.take([long, "a"])
        #expect(collection.texts == ["a"])
        #expect(try demand(collection).words == words * 3 / 5)
        collection.take(["short enough"])
        #expect(collection.next == .complete(["a", "short enough"]))
        #expect(collection.tally.tooLong == 1 && collection.tally.cut == 0)
    }

    @Test func cutsWhenAskingForShorterTextsDidNotHelp() throws {
        var collection = collection(1)
        collection.take([long])
        collection.take([long])
        #expect(collection.tally.tooLong == 2 && collection.tally.cut == 1)
        guard case .complete(let texts) = collection.next else { throw Unexpected(action: collection.next) }
        #expect(texts.count == 1 && texts.allSatisfy(limit.fits))
    }

    @Test func givesUpAfterThreeAnswersWithoutNews() {
        var collection = collection(3)
        for text in ["a", "b"] { collection.take([text]) }
        for _ in 0..<2 { collection.take(["a", "b"]) }
        #expect(collection.next != .short(["a", "b"]))
        collection.take([])
        #expect(collection.next == .short(["a", "b"]))
    }

    @Test func newsNowAndThenIsEnough() {
        var collection = collection(4)
        for text in ["a", "b", "c", "d"] {
            collection.take([])
            collection.take([])
            collection.take([text])
        }
        #expect(collection.next == .complete(["a", "b", "c", "d"]))
    }
}
