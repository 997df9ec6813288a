import Recognizer
import Testing

/// Where a text is cut into words, seen through the byte-level tokenizer.
@Suite struct WordRangesTests {
    @Test(arguments: [
        (
            "don't we'VE I'LL he'd I'm they're Ann'S",
            ["don", "'t", "we", "'ve", "i", "'ll", "he", "'d", "i", "'m", "they", "'re", "ann", "'s"]
        ),
        ("'tis 'l rock'n", ["'t", "is", "'", "l", "rock", "'", "n"]),
        ("!!'s", ["!!'", "s"]),
        ("it'ſ", ["it", "'ſ"]),
    ])
    func cutsContractions(text: String, words: [String]) {
        #expect(byteWords(text) == words)
    }

    @Test(arguments: [
        ("2024 x1y", ["2", "0", "2", "4", "x", "1", "y"]),
        ("½² Ⅷ ٣٤", ["½", "²", "ⅷ", "٣", "٤"]),
    ])
    func givesEachNumberCharacterItsOwnWord(text: String, words: [String]) {
        #expect(byteWords(text) == words)
    }

    @Test(arguments: [
        ("snake_case", ["snake", "_", "case"]),
        ("hi!!! (wow)", ["hi", "!!!", "(", "wow", ")"]),
        ("跑步!ไทย", ["跑步", "!", "ไทย"]),
    ])
    func keepsRunsTogether(text: String, words: [String]) {
        #expect(byteWords(text) == words)
    }

    @Test(arguments: [
        ("<|startoftext|>a<|EndOfText|>", ["[start]", "a", "[end]"]),
        ("!<|endoftext|>", ["!<|", "endoftext", "|>"]),
        ("<|end", ["<|", "end"]),
    ])
    func readsMarksWhereAWordBegins(text: String, words: [String]) {
        #expect(byteWords(text) == words)
    }
}
