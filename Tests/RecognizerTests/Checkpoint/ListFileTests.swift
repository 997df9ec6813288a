import Foundation
import Recognizer
import Testing

@Suite struct ListFileTests {
    private func labels(_ text: String) throws -> [String] {
        try CheckpointFiles.withFolder { folder in
            try Data(text.utf8).write(to: URL(filePath: folder + "/labels.csv"))
            return try ListFile.labels(folder + "/labels.csv")
        }
    }

    @Test func readsQuotesMarksAndWindowsLineEnds() throws {
        let text = "\u{FEFF}id,name\r\n1,\"bowing, deeply\"\r\n0,\"say \"\"hi\"\"\"\r\n\r\n2,naïve 跑步"
        #expect(try labels(text) == ["say \"hi\"", "bowing, deeply", "naïve 跑步"])
    }

    @Test(arguments: [
        ("id,name\n0,a\n0,b", "line 3: id 0 stands twice"), ("id,name\n0,a\n2,b", "line 3: id 2"),
        ("id,name\n0,a\n1,a", "line 3: \"a\" stands on line 2 too"), ("id,name\n0", "line 2: 1 fields"),
        ("id,name\n0,a,b", "line 2: 3 fields"), ("id,name\nx,a", "line 2: id \"x\""), ("id,name\n-1,a", "line 2"),
        ("id,name\n0, ", "line 2: the name is empty"), ("id;name\n0;a", "line 1: the header"), ("id,name\n", "no rows"),
        ("id,name\n0,\"a", "line 2: a quote does not end"), ("id,name\n0,a\"b", "line 2: a quote inside"),
        ("id,name\n0,\"a\"b", "line 2: text after"), ("id,name\n0,a\u{7}", "line 2: a control character"),
        ("", "line 1"),
    ])
    func refusesWithTheLine(text: String, reason: String) throws {
        let error = try #require(throws: RecognizerError.self) { try labels(text) }
        #expect(error.description.contains(reason), "\(error)")
    }

    @Test func namesTheLineThatIsNotUTF8() throws {
        try CheckpointFiles.withFolder { folder in
            try Data(Array("id,name\n0,a\n1,".utf8) + [0xFF, 0x0A]).write(to: URL(filePath: folder + "/l"))
            #expect(throws: RecognizerError.malformed(path: folder + "/l", reason: "line 3: not UTF-8")) {
                try ListFile.labels(folder + "/l")
            }
        }
    }

    @Test func refusesMoreThanAHundredThousandRows() throws {
        let text = "id,name\n" + (0...100_000).map { "\($0),n\($0)\n" }.joined()
        let error = try #require(throws: RecognizerError.self) { try labels(text) }
        #expect(error.description.contains("more than 100000 rows"))
    }

    @Test func readsSeveralPromptsPerClass() throws {
        try CheckpointFiles.withFolder { folder in
            let path = folder + "/prompts.csv"
            try Data("id;name\n0;a person waves\n1;someone, far away, falls\n0;a hand moves".utf8).write(
                to: URL(filePath: path))
            #expect(try ListFile.prompts(path) == [["a person waves", "a hand moves"], ["someone, far away, falls"]])
            try Data("id;name\n0;a\n2;b\n2;c".utf8).write(to: URL(filePath: path))
            #expect(throws: RecognizerError.malformed(path: path, reason: "line 1: class 1 has no prompt")) {
                try ListFile.prompts(path)
            }
        }
    }

    private static let sentences = [
        "a person; seen from behind", #"says "hi" and bows"#, #"C:\new\"#, "two\nlines", #"\;"#, "naïve 跑步", #"""#,
        "ends in \\\\", " spaces kept ", "tab\there",
    ]

    @Test func readsBackThePromptsThatItWrites() throws {
        try CheckpointFiles.withFolder { folder in
            let path = folder + "/prompts.csv"
            let rows = Self.sentences.enumerated().map { (id: $0.offset / 5, sentence: $0.element) }
            try Data(ListFile.promptText(rows).utf8).write(to: URL(filePath: path))
            #expect(try ListFile.prompts(path) == [Array(Self.sentences[..<5]), Array(Self.sentences[5...])])
        }
    }

    @Test func readsEscapesInsideAndOutsideOfQuotes() throws {
        let text = #"id;name"# + "\n" + #"1;"a\;b ""c"" \\""# + "\n" + #"0;a\;b\n\"c\" \\"# + "\n"
        let rows = try ListFile.promptRows(text: text, path: "p")
        #expect(rows.map(\.id) == [1, 0])
        #expect(rows.map(\.sentence) == [#"a;b "c" \"#, "a;b\n\"c\" \\"])
    }

    @Test(arguments: [
        ("id;na\\me\n0;a", "line 1: escape"), ("id;name\n0;a\\tb", #"line 2: escape \t, accepted are \; \" \\ \n"#),
        ("id;name\n0;a\\", "line 2: escape \\,"), ("id;name\n0;\"a\"\\;b", "line 2: text after"),
    ])
    func refusesOtherEscapes(text: String, reason: String) throws {
        let error = try #require(throws: RecognizerError.self) { try ListFile.promptRows(text: text, path: "p") }
        #expect(error.description.contains(reason), "\(error)")
    }

    @Test func leavesBackslashesInLabelsAlone() throws {
        #expect(try labels("id,name\n0,a\\b\n1,c\\n") == ["a\\b", "c\\n"])
    }
}
