import Pipeline
import Testing

@Suite struct SettingsReaderTests {
    private enum Size: String, CaseIterable {
        case small, large
    }

    /// A mapping with each key in a line of its own, values from column 10 on.
    private func reader(
        _ entries: KeyValuePairs<String, SettingsNode>, keys: [String] = ["host", "port", "size", "every"],
        path: String = ""
    ) throws -> SettingsReader {
        let list = entries.enumerated().map { line, entry in
            SettingsNode.Entry(key: entry.key, keyMark: SettingsMark(line: line + 1, column: 3), value: entry.value)
        }
        let node = SettingsNode.mapping(list, at: SettingsMark(line: 1, column: 3))
        return try SettingsReader(node, file: "c.yaml", path: path, keys: keys)
    }

    private func plain(_ text: String, line: Int = 1) -> SettingsNode {
        .scalar(text, quoted: false, at: SettingsMark(line: line, column: 10))
    }

    @Test func aFileIsSoughtFromWhereTheConfigurationLies() throws {
        func path(_ text: String) throws -> String? {
            let entry = SettingsNode.Entry(
                key: "path", keyMark: SettingsMark(line: 1, column: 1), value: plain(text))
            let node = SettingsNode.mapping([entry], at: SettingsMark(line: 1, column: 1))
            return try SettingsReader(node, file: "/etc/claverd/c.yaml", path: "", keys: ["path"]).filePath("path")
        }
        #expect(try path("events/e.jsonl") == "/etc/claverd/events/e.jsonl")
        #expect(try path("/var/e.jsonl") == "/var/e.jsonl")
        #expect(throws: SettingsError.self) { try path("folder/") }
    }

    private func quoted(_ text: String) -> SettingsNode {
        .scalar(text, quoted: true, at: SettingsMark(line: 1, column: 10))
    }

    private let list = SettingsNode.sequence([], at: SettingsMark(line: 1, column: 10))

    private func message(_ body: () throws -> Void) throws -> String {
        try #require(throws: SettingsError.self, performing: body).description
    }

    @Test func readsEveryKind() throws {
        let settings = try reader([
            "host": plain("mqtt.lan"), "port": plain("1883"), "size": plain("large"), "every": plain("1.5s"),
        ])
        #expect(try settings.text("host") == "mqtt.lan")
        #expect(try settings.requiredText("host") == "mqtt.lan")
        #expect(try settings.integer("port", in: 1...65535) == 1883)
        #expect(try settings.number("port", in: 0...1e4) == 1883)
        #expect(try settings.choice("size", Size.self) == .large)
        #expect(try settings.duration("every", in: .zero ... .seconds(2)) == .milliseconds(1500))
        #expect(settings.has("host"))
    }

    @Test func absentKeysAreNil() throws {
        let settings = try reader([:])
        #expect(try settings.text("host") == nil)
        #expect(try settings.bool("host") == nil)
        #expect(try settings.integer("port", in: 1...2) == nil)
        #expect(try settings.number("port", in: 1...2) == nil)
        #expect(try settings.duration("every", in: .zero ... .seconds(2)) == nil)
        #expect(try settings.choice("size", Size.self) == nil)
        #expect(try settings.list("host") == nil)
        #expect(try settings.block("host", keys: []) == nil)
        #expect(!settings.has("host"))
        #expect(
            try message { _ = try settings.requiredText("host") } == "c.yaml:1:3: host: missing; this key is required")
    }

    @Test func readsBlocksAndListsUnderTheirPath() throws {
        let inner = SettingsNode.mapping(
            [.init(key: "port", keyMark: SettingsMark(line: 2, column: 5), value: plain("x", line: 2))],
            at: SettingsMark(line: 2, column: 5))
        let settings = try reader(
            ["host": inner, "size": .sequence([plain("a")], at: SettingsMark(line: 3, column: 10))], path: "sinks[0]")
        let block = try #require(try settings.block("host", keys: ["port"]))
        #expect(block.path == "sinks[0].host")
        #expect(
            try message { _ = try block.integer("port", in: 1...9) }
                == "c.yaml:2:10: sinks[0].host.port: expected a whole number in 1 ... 9, found \"x\"")
        #expect(try settings.list("size") == [plain("a")])
    }

    @Test func namesAnUnknownKeyAndTheNearest() throws {
        #expect(
            try message { _ = try reader(["hots": plain("a")]) }
                == #"c.yaml:1:3: unknown key "hots"; did you mean "host"? Accepted: host, port, size, every"#)
        #expect(
            try message { _ = try reader(["host": plain("a"), "col\u{1B}our": plain("red")], path: "log") }
                == #"c.yaml:2:3: log: unknown key "col\u{1b}our". Accepted: host, port, size, every"#)
    }

    @Test func refusesAKeyGivenTwice() throws {
        #expect(
            try message { _ = try reader(["host": plain("a"), "port": plain("1"), "host": plain("b")]) }
                == #"c.yaml:3:3: key "host" is given twice"#)
    }

    @Test func refusesWhatIsNoMapping() throws {
        #expect(
            try message { _ = try SettingsReader(list, file: "c.yaml", path: "http", keys: ["a", "b"]) }
                == "c.yaml:1:10: http: expected a mapping with the keys a, b, found a list")
    }

    @Test func textIsAnyScalarButNothing() throws {
        #expect(try reader(["host": plain("true")]).text("host") == "true")
        #expect(try reader(["host": quoted("")]).text("host") == "")
        #expect(
            try message { _ = try reader(["host": plain("")]).text("host") }
                == "c.yaml:1:10: host: expected text, found nothing")
        #expect(
            try message { _ = try reader(["host": list]).text("host") }
                == "c.yaml:1:10: host: expected text, found a list")
    }

    @Test func boolIsTrueOrFalseWithoutQuotes() throws {
        #expect(try reader(["host": plain("true")]).bool("host") == true)
        #expect(try reader(["host": plain("false")]).bool("host") == false)
        for value in [plain("yes"), plain("True"), plain("1"), quoted("true"), list] {
            #expect(throws: SettingsError.self) { try reader(["host": value]).bool("host") }
        }
        #expect(
            try message { _ = try reader(["host": quoted("true")]).bool("host") }
                == #"c.yaml:1:10: host: expected true or false, found the text "true""#)
    }

    @Test(arguments: ["0", "65536", "1.0", "1e3", "0x10", "", "٣", "99999999999999999999", "-1", " 1"])
    func refusesWholeNumbersOutOfRangeOrForm(text: String) throws {
        #expect(throws: SettingsError.self) { try reader(["port": plain(text)]).integer("port", in: 1...65535) }
    }

    @Test func wholeNumbersAreNotQuoted() throws {
        #expect(try reader(["port": plain("65535")]).integer("port", in: 1...65535) == 65535)
        #expect(
            try message { _ = try reader(["port": quoted("5")]).integer("port", in: 1...65535) }
                == #"c.yaml:1:10: port: expected a whole number in 1 ... 65535, found the text "5""#)
        #expect(
            try message { _ = try reader(["port": plain("-5")]).integer("port", in: 0 ... .max) }
                == #"c.yaml:1:10: port: expected a whole number of at least 0, found "-5""#)
    }

    @Test(arguments: ["nan", ".nan", "inf", "infinity", "1e308", "-0.1", "0x1p-3", "", "half", "1,5"])
    func refusesNumbersOutOfRangeOrForm(text: String) throws {
        #expect(
            try message { _ = try reader(["port": plain(text)]).number("port", in: 0...1) }
                == "c.yaml:1:10: port: expected a number in 0 ... 1, found \(text.isEmpty ? "nothing" : "\"\(text)\"")")
    }

    @Test(arguments: [("0", 0), ("1", 1), ("0.25", 0.25), ("1e-3", 0.001), ("+.5", 0.5)])
    func readsNumbers(text: String, value: Double) throws {
        #expect(try reader(["port": plain(text)]).number("port", in: 0...1) == value)
    }

    @Test func showsTheRangeOfADurationAsOneWritesIt() throws {
        #expect(
            try message {
                _ = try reader(["every": plain("5")]).duration("every", in: .milliseconds(100) ... .seconds(3600))
            }
                == "c.yaml:1:10: every: expected a duration with its unit, such as 300ms or 2s, in 100ms ... 1h, found \"5\""
        )
        #expect(throws: SettingsError.self) {
            try reader(["every": plain("2h")]).duration("every", in: .zero ... .seconds(3600))
        }
    }

    @Test func choiceNamesWhatIsAccepted() throws {
        #expect(
            try message { _ = try reader(["size": plain("Large\n")]).choice("size", Size.self) }
                == #"c.yaml:1:10: size: expected one of small, large, found "Large\u{a}""#)
        #expect(throws: SettingsError.self) { try reader(["size": list]).choice("size", Size.self) }
    }

    @Test func listIsASequence() throws {
        #expect(
            try message { _ = try reader(["host": plain("a")]).list("host") }
                == #"c.yaml:1:10: host: expected a list, found "a""#)
    }

    @Test func errorsAtAnAbsentKeyPointToTheMapping() throws {
        #expect(try reader([:], path: "http").error("port", "bad").description == "c.yaml:1:3: http.port: bad")
        #expect(SettingsError(file: "c.yaml", mark: nil, path: "", reason: "empty").description == "c.yaml: empty")
    }
}
