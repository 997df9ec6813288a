import Foundation
import Recognizer
import Testing

@Suite struct TokenizerTests {
    private struct Golden: Decodable {
        let text: String
        let clipIds: [Int32]
        let byteIds: [Int32]
    }

    private func goldens() throws -> [Golden] {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Golden/text/tokenizer.json")
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode([Golden].self, from: Data(contentsOf: file))
    }

    @Test func equalsTheByteLevelGoldens() throws {
        let goldens = try goldens()
        #expect(goldens.count > 30)
        for golden in goldens { #expect(Tokenizer.bytes.encode(golden.text) == golden.byteIds, "\(golden.text)") }
    }

    @Test(.enabled(if: ClipMerges.file != nil, "\(ClipMerges.howToGet)"))
    func equalsTheCLIPGoldens() throws {
        let merges = try ClipMerges.text()
        let tokenizer = try Tokenizer(merges: merges, vocabularySize: 49408)
        #expect(tokenizer.startToken == 49406)
        #expect(tokenizer.endToken == 49407)
        for golden in try goldens() { #expect(tokenizer.encode(golden.text) == golden.clipIds, "\(golden.text)") }

        let list = try MergeList(text: merges, vocabularySize: 49408)
        let written = try Tokenizer(merges: list.text)
        #expect(written.vocabularySize == 49408)
        #expect(written.digest == tokenizer.digest)
    }

    @Test func hasOneTokenForEachByteInsideAndAtTheEndOfAWord() {
        #expect(Tokenizer.bytes.vocabularySize == 514)
        #expect(Tokenizer.bytes.startToken == 512)
        #expect(Tokenizer.bytes.endToken == 513)
        #expect(Tokenizer.bytes.encode("!a") == [256, 64 + 256])
    }

    @Test func mergesTheEarliestPairFirstAndEverywhere() throws {
        let tokenizer = try Tokenizer(merges: "a b\nb c</w>\nab ab\na b</w>\nabab ab</w>\n")
        #expect(tokenizer.vocabularySize == 519)
        #expect(tokenizer.encode("abc") == [512, 66 + 256])
        #expect(tokenizer.encode("xbc") == [87, 513])
        #expect(tokenizer.encode("ababx") == [514, 87 + 256])
        #expect(tokenizer.encode("ababab ab") == [516, 515])
        #expect(tokenizer.encode("<|startoftext|> a") == [517, 64 + 256])
    }

    /// Merging one pair at a time, by name, as the method is usually told.
    private func told(_ word: String, merges: [[String]]) -> [String] {
        var parts = word.map(String.init)
        parts[parts.count - 1] += "</w>"
        while true {
            let pairs = zip(parts, parts.dropFirst()).map { merges.firstIndex(of: [$0, $1]) ?? .max }
            guard let rank = pairs.min(), rank < .max, let index = pairs.firstIndex(of: rank) else { return parts }
            parts.replaceSubrange(index...(index + 1), with: [parts[index] + parts[index + 1]])
        }
    }

    @Test(arguments: 1...20) func equalsMergingByName(seed: UInt64) throws {
        var random = SplitMix(state: seed)
        var symbols = ["a", "b", "c", "a</w>", "b</w>", "c</w>"]
        var merges: [[String]] = []
        while merges.count < 40 {
            let pair = [symbols.randomElement(using: &random) ?? "", symbols.randomElement(using: &random) ?? ""]
            guard !pair[0].hasSuffix(">"), !symbols.contains(pair.joined()) else { continue }
            merges.append(pair)
            symbols.append(pair.joined())
        }
        let names = ["a": 64, "b": 65, "c": 66, "a</w>": 320, "b</w>": 321, "c</w>": 322].merging(
            merges.enumerated().map { ($1.joined(), 512 + $0) }, uniquingKeysWith: { first, _ in first })
        let tokenizer = try Tokenizer(merges: merges.map { $0.joined(separator: " ") }.joined(separator: "\n"))
        for _ in 0..<50 {
            let word = String(
                (0..<Int.random(in: 1...24, using: &random)).map { _ in "abc".randomElement(using: &random) ?? "a" })
            let expected = told(word, merges: merges).map { Int32(names[$0] ?? -1) }
            #expect(tokenizer.encode(word) == expected, "seed \(seed), word \(word)")
        }
    }

    @Test func putsStartAndEndAroundAPrompt() throws(RecognizerError) {
        #expect(try Tokenizer.bytes.prompt("Hi", contextLength: 4) == [512, 71, 72 + 256, 513])
    }

    @Test func refusesATextLongerThanTheContext() {
        #expect(throws: RecognizerError.textTooLong(text: "Hello!", tokens: 8, limit: 7)) {
            try Tokenizer.bytes.prompt("Hello!", contextLength: 7)
        }
    }

    @Test(arguments: ["", "  \n", "\u{0}", "&#32;", "\u{FEFF}"]) func refusesATextOfWhichNothingIsLeft(text: String) {
        #expect(throws: RecognizerError.emptyText) { try Tokenizer.bytes.prompt(text, contextLength: 77) }
    }

    @Test func takesOnlyTheMergesOfItsVocabulary() throws {
        let text = "\"bpe_simple_vocab.txt#version: 0.2\r\na b\r\nb c\r\nc d\r\n"
        let two = try Tokenizer(merges: text, vocabularySize: 516)
        #expect(two.vocabularySize == 516)
        #expect(two.digest == (try Tokenizer(merges: "a b\nb c")).digest)
        #expect(two.digest != (try Tokenizer(merges: text)).digest)
        #expect(two.digest != Tokenizer.bytes.digest)
        #expect(try Tokenizer(merges: "#version: 0.2\n", vocabularySize: 514).digest == Tokenizer.bytes.digest)
        #expect(try MergeList(text: text, vocabularySize: 516).text == "#version: 0.2\na b\nb c\n")
    }

    @Test(arguments: [
        ("a b\nab\n", "m.txt: line 2 \"ab\": expected two symbols with a space between them"),
        ("#version: 0.2\na b\n\nb c", "m.txt: line 3 \"\": expected two symbols with a space between them"),
        ("a b c", "m.txt: line 1 \"a b c\": expected two symbols with a space between them"),
        ("a b\nab bd", "m.txt: line 2 \"ab bd\": symbol \"bd\" is neither a byte nor made by an earlier line"),
        ("a b\nb c\nab c\na bc", "m.txt: line 4 \"a bc\": an earlier line makes the same symbol"),
    ])
    func namesTheLineThatIsNoMerge(text: String, message: String) throws {
        let error = try #require(throws: RecognizerError.self) { try Tokenizer(merges: text, path: "m.txt") }
        #expect(error.description == message)
    }

    @Test func refusesTooFewMerges() throws {
        let error = try #require(throws: RecognizerError.self) {
            try Tokenizer(merges: "a b\n", path: "m.txt", vocabularySize: 600)
        }
        #expect(error.description == "m.txt: 1 merges, but a vocabulary of 600 has 512 bytes, 2 marks and 86 merges")
        #expect(throws: RecognizerError.self) { try Tokenizer(merges: "", vocabularySize: 100) }
    }
}

/// A small seeded generator, the same on every machine.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
