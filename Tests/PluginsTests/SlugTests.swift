import Pipeline
import Testing

@Suite struct SlugTests {
    @Test(arguments: [
        ("waving", "waving"), ("Falling Down", "falling-down"), ("  jumping, jacks!  ", "jumping-jacks"),
        ("a/b+c#d", "a-b-c-d"), ("don't move", "dont-move"), ("Café Zürich", "cafe-zurich"), ("ＡＢＣ ①", "abc-1"),
        ("挥手", "u6325-u624b"), ("3 people", "3-people"), ("!?", ""), ("", ""),
    ])
    func isLowerCaseAsciiWithHyphens(text: String, slug: String) {
        #expect(Slug.make(from: text) == slug)
    }

    @Test func leavesSlugsAlone() {
        for text in ["falling-down", "u6325-u624b", "cafe-2"] { #expect(Slug.make(from: text) == text) }
    }
}
