import Pipeline
import Testing

@Suite struct SettingTextTests {
    @Test(arguments: [
        ("300ms", Duration.milliseconds(300)), ("2s", .seconds(2)), ("1.5s", .milliseconds(1500)),
        ("5m", .seconds(300)),
        ("1h", .seconds(3600)), ("0s", .zero), ("0.5ms", .microseconds(500)), ("0.1h", .seconds(360)),
        ("1.1s", .milliseconds(1100)),
    ])
    func readsDurations(text: String, value: Duration) {
        #expect(SettingsReader.duration(from: text) == value)
    }

    @Test(arguments: [
        "", "s", "5", "5 s", "-1s", "+1s", "1e3s", "nans", "infs", "½s", "1.2.3s", "1d", "1000000000s", "0x5s", "5S",
    ])
    func refusesWhatIsNoDuration(text: String) {
        #expect(SettingsReader.duration(from: text) == nil)
    }

    @Test(arguments: [
        (Duration.zero, "0s"), (.milliseconds(300), "300ms"), (.milliseconds(1500), "1500ms"), (.seconds(90), "90s"),
        (.seconds(120), "2m"), (.seconds(7200), "2h"), (.microseconds(1500), "1.5ms"),
    ])
    func writesDurationsAsItReadsThem(value: Duration, text: String) {
        #expect(value.settingText == text)
        #expect(SettingsReader.duration(from: text) == value)
    }

    @Test(arguments: [
        ("hots", "host"), ("Host", "host"), ("HOST", "host"), ("hst", "host"), ("min_window", "min_windows"),
        ("min-windows", "min_windows"), ("entr", "enter"), ("sampeling", "sampling"),
    ])
    func findsTheKeyThatWasMeant(word: String, key: String) {
        #expect(
            SettingsReader.nearest(to: word, among: ["to", "host", "min_windows", "enter", "exit", "sampling"]) == key)
    }

    @Test(arguments: ["x", "qos", "colour", "", String(repeating: "enter", count: 100_000)])
    func suggestsNothingFarFetched(word: String) {
        #expect(
            SettingsReader.nearest(to: word, among: ["to", "host", "min_windows", "enter", "exit", "sampling"]) == nil)
    }

    @Test(arguments: [
        ("plain text", "plain text"), ("a\nb\r\tc", "a\\u{a}b\\u{d}\\u{9}c"), ("\u{1B}[31m", "\\u{1b}[31m"),
        ("\u{202E}abc\u{2066}", "\\u{202e}abc\\u{2066}"), ("\u{2028}\u{2029}\u{85}", "\\u{2028}\\u{2029}\\u{85}"),
        ("👩\u{200D}🚒 café", "👩\u{200D}🚒 café"),
    ])
    func escapesWhatWouldBreakALine(text: String, escaped: String) {
        #expect(text.escapedForLog == escaped)
    }

    @Test func shortensLongText() {
        #expect(String(repeating: "x", count: 300).escapedForLog.count == 300)
        #expect(String(repeating: "x", count: 301).escapedForLog == String(repeating: "x", count: 300) + "…")
    }
}
