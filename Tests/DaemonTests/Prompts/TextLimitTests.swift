import Recognizer
import Testing

@testable import Daemon

@Suite struct TextLimitTests {
    private let limit = TextLimit(tokenizer: .bytes, contextLength: 32)

    @Test func countsStartAndEnd() {
        #expect(limit.tokens("abc") == 5)
        #expect(limit.fits(String(repeating: "a", count: 30)))
        #expect(!limit.fits(String(repeating: "a", count: 31)))
        #expect(!limit.fits(" \u{200B} ".filter { $0 == " " }))
    }

    @Test(
        arguments: [
            ("it fits", "it fits"),
            ("one two three four. five six seven eight nine", "one two three four."),
            ("one two three four, five six seven eight nine", "one two three four"),
            ("arms go up high and then the legs go very far", "arms go up high"),
            ("no. word ends a clause here nor anywhere at all", "no. word ends a clause here nor"),
            ("abcdefgh ijklmnop qrstuvw of the cat that sleeps", "abcdefgh ijklmnop qrstuvw"),
            ("wordwithoutanyendthatislongerthanthelimit", nil), ("", nil),
        ] as [(String, String?)])
    func cutsWhereSomethingEnds(text: String, expected: String?) {
        let cut = limit.cut(text)
        #expect(cut == expected)
        if let cut { #expect(limit.fits(cut)) }
    }

    @Test func asksForWordsThatFit() throws {
        #expect(TextLimit(tokenizer: .bytes, contextLength: 77).words == 13)
        #expect(TextLimit(tokenizer: .bytes, contextLength: 3).words == 1)
        // With most words one token each, most of the context is left to words.
        var merges = "", symbols: Set<String> = []
        for word in InterpretiveFamily.allCases.flatMap(\.examples).flatMap(\.texts).joined(separator: " ").split(
            separator: " ")
        {
            let letters = word.filter(\.isLetter).lowercased().map(String.init)
            guard letters.count > 1, letters.allSatisfy({ $0.utf8.count == 1 }) else { continue }
            var whole = letters[0]
            for (index, letter) in letters.enumerated().dropFirst() {
                let next = index == letters.count - 1 ? letter + "</w>" : letter
                if symbols.insert(whole + next).inserted { merges += "\(whole) \(next)\n" }
                whole += next
            }
        }
        let words = TextLimit(tokenizer: try Tokenizer(merges: merges), contextLength: 77).words
        #expect((30...40).contains(words))
    }

    @Test func everyFamilyHasWorkedExamples() {
        for family in InterpretiveFamily.allCases {
            #expect(family.examples.map(\.texts.count) == [5, 5, 5])
            let texts = family.examples.flatMap(\.texts)
            #expect(Set(texts).count == texts.count)
            #expect(texts.flatMap { AnswerText($0).texts } == texts)
            #expect(texts.allSatisfy { $0.split(separator: " ").count <= 40 })
        }
    }

    @Test func examplesAreCutToTheLimitToo() throws {
        let limit = TextLimit(tokenizer: .bytes, contextLength: 77)
        for family in InterpretiveFamily.allCases {
            let demand = PromptDemand(
                family: family, action: "waving\nhands", count: 4, words: 12, present: ["a", "b"])
            let messages = demand.messages(limit: limit)
            #expect(messages.map(\.role) == [.system, .user, .assistant, .user, .assistant, .user, .assistant, .user])
            for answer in messages where answer.role == .assistant {
                let lines = answer.content.split(separator: "\n").map(String.init)
                #expect(lines.count == 4 && lines.allSatisfy(limit.fits))
            }
            let last = try #require(messages.last?.content)
            #expect(last.hasPrefix("Action: waving hands\nTexts: 4, of at most 12 words each\n"))
            #expect(last.hasSuffix("\na\nb"))
        }
    }
}
