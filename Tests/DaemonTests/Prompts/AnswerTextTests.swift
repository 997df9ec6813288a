import Testing

@testable import Daemon

@Suite struct AnswerTextTests {
    @Test(arguments: [
        ("1. waving a hand", "waving a hand"), ("2) waving a hand", "waving a hand"),
        ("(3) waving a hand", "waving a hand"),
        ("- waving a hand", "waving a hand"), ("* **waving** a `hand`", "waving a hand"),
        ("• waving a hand", "waving a hand"),
        ("**4.** waving a hand", "waving a hand"), ("Text 5: waving a hand", "waving a hand"),
        ("\"waving a hand\",", "waving a hand"), ("“waving a hand”", "waving a hand"),
        ("'waving a hand'", "waving a hand"),
        ("_waving a hand_", "waving a hand"), ("  waving \t a\u{A0}hand  ", "waving a hand"),
        ("waving\u{7}a\u{200B} hand\u{202E}", "waving a hand"), ("waving a hand<|im_end|>", "waving a hand"),
        ("### waving a hand", "waving a hand"), ("> waving a hand<br>", "waving a hand"),
        ("the dancers' hands; then the feet.", "the dancers' hands; then the feet."),
        ("\"up\" and \"down\"", "\"up\" and \"down\""), ("2 hands wave", "2 hands wave"),
        ("100-metre run", "100-metre run"), ("naïve 跑步", "naïve 跑步"),
    ])
    func freesATextFromItsDecoration(line: String, text: String) {
        #expect(AnswerText(line).texts == [text])
    }

    @Test(arguments: [
        "Here are five texts:", "Sure! Here you go", "Certainly, five texts", "Texts:", "```", "```text", "***", "1.",
        "---", "  ",
        "I hope this helps!", "Let me know if you want more.", "\u{200B}",
    ])
    func passesOverWhatIsNoText(line: String) {
        #expect(AnswerText("waving\n\(line)\njumping").texts == ["waving", "jumping"])
    }

    @Test func leavesOutThoughts() {
        #expect(AnswerText("<think>one\ntwo</think>\nwaving").texts == ["waving"])
        #expect(AnswerText("one\n</think>\nwaving").texts == ["waving"])
        #expect(AnswerText("<think>one\ntwo, and never said").texts.isEmpty)
    }

    @Test func readsAJSONArrayToo() {
        #expect(AnswerText("```json\n[\"waving\", \"1. jumping\"]\n```").texts == ["waving", "jumping"])
        #expect(AnswerText("[\"waving\",\n \"jumping\"]").texts == ["waving", "jumping"])
        #expect(AnswerText("waving [slowly]").texts == ["waving [slowly]"])
    }

    @Test func dropsALineThatTheServerTore() {
        #expect(AnswerText("waving\njumping up and d", isCutOff: true).texts == ["waving"])
        #expect(AnswerText("", isCutOff: true).texts.isEmpty)
    }
}
