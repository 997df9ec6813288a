import Recognizer
import Testing

/// What the clean-up makes of a text, seen through the byte-level tokenizer.
@Suite struct PromptTextTests {
    @Test(arguments: [
        ("“it’s” ‘no’ ‛ ‟", ["\"", "it", "'s", "\"", "'", "no", "'", "'", "\""]),
        ("ﬁnd the ﬂow, ﬆ ﬃ", ["find", "the", "flow", ",", "st", "ffi"]),
        ("ﾊﾟﾝ ＡＢＣ１！　ok", ["パン", "abc", "1", "!", "ok"]),
        ("ŉ Ĳ ǆ", ["'", "n", "ij", "dž"]),
    ])
    func replacesTypographicForms(text: String, words: [String]) {
        #expect(byteWords(text) == words)
    }

    @Test func composesAccents() {
        #expect(byteWords("e\u{301} A\u{30A}").map { Array($0.unicodeScalars) } == [["\u{E9}"], ["\u{E5}"]])
    }

    @Test(arguments: [
        ("a\u{0}b\u{7F}c\u{FEFF}d\u{FFFC}", ["abcd"]),
        ("\u{1B}[1;31mred\u{1B}[0m", ["red"]),
        ("\u{1B}[12", ["[", "1", "2"]),
        ("it\u{92}s 5\u{80}", ["it", "'s", "5", "€"]),
        ("family 👩\u{200D}🚒", ["family", "👩\u{200D}🚒"]),
    ])
    func dropsControlCharacters(text: String, words: [String]) {
        #expect(byteWords(text) == words)
    }

    @Test(arguments: [" a b ", "a\tb", "a\r\nb", "\u{A0}a\u{2003}\u{2028}b\u{3000}", "a\u{C}\n\nb"])
    func collapsesWhiteSpace(text: String) {
        #expect(byteWords(text) == ["a", "b"])
    }

    @Test(arguments: [
        ("&lt;b&gt; &amp; &quot;q&apos;", ["<", "b", ">", "&", "\"", "q", "'"]),
        ("caf&eacute; &Omega; &hearts; &lang;", ["café", "ω", "♥", "⟨"]),
        ("P&EACUTE;REZ STRA&SZLIG;E", ["pérez", "strasse"]),
        ("&amp;amp;amp;amp; done", ["&", "done"]),
        ("&#39;s &#x2019;S &#150;", ["'s", "'s", "–"]),
        ("&#0; &#xD800; &#1114112;", ["\u{FFFD}", "\u{FFFD}", "\u{FFFD}"]),
        ("x&#1;y&#xFFFE;z", ["xyz"]),
        ("&eacute &notit &copy2", ["é", "¬", "it", "©", "2"]),
        ("&nosuchname; &; &#; & &#xZ;", ["&", "nosuchname", ";", "&;", "&#;", "&", "&#", "xz", ";"]),
    ])
    func readsCharacterReferences(text: String, words: [String]) {
        #expect(byteWords(text) == words)
    }

    @Test func leavesEntitiesOfMarkupToTheSecondReading() {
        // From the line with "<" on, "&ldquo;" is read after quotes were straightened.
        #expect(byteWords("&ldquo;a\n<b &ldquo;c\n&ldquo;d") == ["\"", "a", "<", "b", "“", "c", "“", "d"])
    }

    @Test(arguments: [
        ("cafÃ©", ["café"]), ("itâ€™s 5â‚¬", ["it", "'s", "5", "€"]), ("ðŸ˜€ smile", ["😀", "smile"]),
        ("Ð±ÐµÐ³", ["бег"]), ("\u{C3}\u{89}cole", ["école"]), ("AMANHÃ…", ["amanhã", "…"]), ("NOËL…", ["noël", "…"]),
        ("MAÇÃ", ["maçã"]), ("Spaß…", ["spaß", "…"]), ("«É»", ["«", "é", "»"]),
    ])
    func undoesTheWrongCodePageOnlyWhereItIsPlain(text: String, words: [String]) {
        #expect(byteWords(text) == words)
    }

    @Test(arguments: [
        ("ΟΔΥΣΣΕΥΣ", "οδυσσευς"), ("ΑΣ.Β", "ασ.β"), ("ΑΣ'", "ας'"), ("Σ", "σ"), ("İ", "i\u{307}"), ("ẞ", "ß"),
        ("K", "k"),
    ])
    func lowersAsUnicodeDoes(text: String, expected: String) {
        #expect(byteWords(text).joined() == expected)
    }
}
