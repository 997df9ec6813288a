import Testing

@testable import Daemon

@Suite struct ConfigurationErrorTests {
    private static let camera = "cameras:\n  - {name: a, source: a.mp4}\n"

    /// What follows `model: demo` in line 1, and the error.
    private static let afterModel: [(String, String)] = [
        (
            "sampling: {evry: 1s}\n" + camera,
            #"t.yaml:2:12: sampling: unknown key "evry"; did you mean "every"? Accepted: every, hop"#
        ),
        ("sampling: {hop: 0}\n" + camera, "t.yaml:2:17: sampling.hop: expected a whole number in 1"),
        ("sampling: {hop: '2'}\n" + camera, "t.yaml:2:17: sampling.hop: expected a whole number in 1"),
        ("sampling:\n  every: 300\n" + camera, "t.yaml:3:10: sampling.every: expected a duration with its unit"),
        ("sampling:\n  every: 1ms\n" + camera, "t.yaml:3:10: sampling.every: expected a duration with its unit"),
        ("sampling: fast\n" + camera, "t.yaml:2:11: sampling: expected a mapping with the keys every, hop"),
        ("events: {enter: .nan}\n" + camera, "t.yaml:2:17: events.enter: expected a number in 0"),
        ("events: {enter: nan}\n" + camera, "t.yaml:2:17: events.enter: expected a number in 0"),
        ("events: {enter: 1e308}\n" + camera, "t.yaml:2:17: events.enter: expected a number in 0"),
        ("events: {hold: 1e308s}\n" + camera, "t.yaml:2:16: events.hold: expected a duration"),
        (
            "events: {enter: 0.5, exit: 0.5}\n" + camera,
            "t.yaml:2:28: events.exit: exit (0.5) must be below enter (0.5)"
        ),
        ("events: {enter: 0.3}\n" + camera, "t.yaml:2:17: events.enter: exit (0.4) must be below enter (0.3)"),
        (
            "actions: [walking, {text: falling, enter: 0.3}]\n" + camera,
            #"t.yaml:2:20: actions[1]: on camera "a" exit (0.4) must be below enter (0.3)"#
        ),
        ("actions: waving\n" + camera, "t.yaml:2:10: actions: expected a list"),
        ("actions: []\n" + camera, "t.yaml:2:10: actions: expected at least one action"),
        ("actions: ['']\n" + camera, "t.yaml:2:11: actions[0]: expected text, found nothing"),
        ("actions: [\"a\\nb\", c]\n" + camera, #"t.yaml:2:11: actions[0]: a control character in "a\u{a}b""#),
        ("actions: [{label: a}]\n" + camera, "t.yaml:2:11: actions[0].text: missing; this key is required"),
        (
            "actions: [Sitting down, sitting-down]\nignore: [b]\n" + camera,
            #"t.yaml:2:10: actions: "Sitting down" and "sitting-down" would both be published as "sitting-down""#
        ),
        (
            "actions: [waving]\nignore: [Waving!]\n" + camera,
            #"t.yaml:2:10: actions: "waving" and "Waving!" would both be published as "waving""#
        ),
        (
            "actions: [waving]\nignore: []\n" + camera,
            #"t.yaml:2:10: actions: "waving" is the only label, so its score would always be 1; add"#
        ),
        ("templates: [a video]\n" + camera, "t.yaml:2:13: templates[0]: expected one {} where the action goes"),
        ("workers: 0\n" + camera, "t.yaml:2:10: workers: expected a whole number in 1"),
        (
            "allow: {files: [/srv, clips]}\n" + camera,
            "t.yaml:4:23: cameras[0].source: a.mp4 is outside the directories that allow.files names: /srv, clips"
        ),
        ("cameras: [{name: a, source: a.mp4, enabled: false}]", "t.yaml:2:10: cameras: no camera is enabled"),
        ("instance: a/b\n" + camera, #"t.yaml:2:11: instance: "a/b" has a "/"; a name is one MQTT topic level"#),
        ("log: {level: loud}\n" + camera, "t.yaml:2:14: log.level: expected one of debug, info, warning, error"),
        ("sinks: [{mqt: {}}]\n" + camera, #"t.yaml:2:10: sinks[0]: unknown sink "mqt"; did you mean "mqtt"?"#),
        ("sinks: [[log]]\n" + camera, "t.yaml:2:9: sinks[0]: expected a mapping with one key, one of log, file, mqtt"),
        (
            "sinks: [lg]\n" + camera,
            #"t.yaml:2:9: sinks[0]: unknown sink "lg"; did you mean "log"? Accepted: log, file, mqtt"#
        ),
        (
            "sinks:\n  - mqtt: {hots: x}\n" + camera,
            #"t.yaml:3:12: sinks[0].mqtt: unknown key "hots"; did you mean "host"?"#
        ),
        (
            "sampling: {hop: 1}\nsampling: {hop: 2}\n" + camera,
            #"t.yaml:3:1: key "sampling" is given twice, first in line 2"#
        ),
        ("sampling:\n\thop: 1\n" + camera, "t.yaml:3:1: a tab character; YAML is indented with spaces"),
        ("[a, b]: 1\n" + camera, "t.yaml:2:1: a key must be plain text"),
        ("sampling: {hop: 1\n" + camera, "not valid YAML"),
        ("instance: \u{1}\n" + camera, #"t.yaml:2:11: control character \u{1}"#),
    ]

    @Test(arguments: afterModel) func saysWhatIsWrongAndWhere(text: String, expected: String) throws {
        let error = try #require(configurationError("model: demo\n" + text))
        #expect(error.contains(expected), "\(error)")
    }

    /// The mapping of a second camera, and the error.
    private static let secondCameras: [(String, String)] = [
        ("{source: b.mp4}", "t.yaml:4:5: cameras[1].name: missing; this key is required"),
        ("{name: b}", "t.yaml:4:5: cameras[1].source: missing; this key is required"),
        ("{name: a, source: b.mp4}", #"t.yaml:4:12: cameras[1].name: "a" is also the name of cameras[0] in line 3"#),
        ("{name: 'a#b', source: b.mp4}", ##"t.yaml:4:12: cameras[1].name: "a#b" has a "#""##),
        ("{name: a+b, source: b.mp4}", #"t.yaml:4:12: cameras[1].name: "a+b" has a "+""#),
        ("{name: $SYS, source: b.mp4}", #"t.yaml:4:12: cameras[1].name: "$SYS" begins with "$""#),
        ("{name: \"a\\0b\", source: b.mp4}", #"t.yaml:4:12: cameras[1].name: a control character in "a\u{0}b""#),
        ("{name: \"\\e[31m\", source: b.mp4}", #"t.yaml:4:12: cameras[1].name: a control character in "\u{1b}[31m""#),
        (
            "{name: \(String(repeating: "x", count: 300)), source: b.mp4}",
            "t.yaml:4:12: cameras[1].name: expected 1 to 64 characters, found 300"
        ),
        ("{name: '', source: b.mp4}", "t.yaml:4:12: cameras[1].name: expected 1 to 64 characters, found 0"),
        ("{name: b, source: ''}", "t.yaml:4:23: cameras[1].source: expected a file's path, file:///path, rtsp://"),
        ("{name: b, source: 'ftp://h/s'}", "t.yaml:4:23: cameras[1].source: scheme 'ftp' is not accepted; accepted is"),
        ("{name: b, source: 'file://h/b.mp4'}", "t.yaml:4:23: cameras[1].source: names a host; write file:///path"),
        ("{name: b, source: 'rtsp://u:a/b@h/s'}", "t.yaml:4:23: cameras[1].source: has a port that is no number"),
        ("{name: b, source: \"rtsp://h/\\e[31m\"}", "t.yaml:4:23: cameras[1].source: contains a control character"),
        ("{name: b, source: b, rotation: 45}", "t.yaml:4:36: cameras[1].rotation: expected one of 0, 90, 180, 270"),
        ("{name: b, source: b, enabled: yes}", "t.yaml:4:35: cameras[1].enabled: expected true or false"),
        (
            "{name: b, source: b, region: {x: 0.5, width: 0.6}}",
            "t.yaml:4:50: cameras[1].region.width: x + width is 1.1, at most 1 is accepted"
        ),
        ("{name: b, source: b, region: {x: 1}}", "t.yaml:4:38: cameras[1].region.x: nothing is left of the picture"),
        (
            "{name: b, source: b, ignore: [], actions: [{text: x}]}",
            #"t.yaml:4:47: cameras[1].actions: "x" is the only label"#
        ),
        (
            "{name: b, source: b, events: {exit: 0.9}}",
            "t.yaml:4:41: cameras[1].events.exit: exit (0.9) must be below enter (0.6)"
        ),
        (
            "{name: b, source: b, sampling: {every: -1s}}",
            "t.yaml:4:44: cameras[1].sampling.every: expected a duration with its unit"
        ),
        ("{name: b, source: b, colour: red}", #"t.yaml:4:26: cameras[1]: unknown key "colour""#),
    ]

    @Test(arguments: secondCameras) func saysWhichCameraIsWrong(mapping: String, expected: String) throws {
        let error = try #require(configurationError("model: demo\n\(Self.camera)  - \(mapping)\n"))
        #expect(error.contains(expected), "\(error)")
    }

    @Test func needsAModelAndACamera() {
        #expect(configurationError(Self.camera)?.hasPrefix("t.yaml:1:1: model: missing") == true)
        #expect(configurationError("model: demo\n")?.hasPrefix("t.yaml:1:1: cameras: at least one") == true)
        #expect(
            configurationError("model: demo\ncameras: []\n")?.hasPrefix("t.yaml:2:10: cameras: at least one") == true)
        #expect(configurationError("") == "t.yaml:1:1: the file holds no settings")
        #expect(configurationError("# nothing\n") == "t.yaml:1:1: the file holds no settings")
        #expect(configurationError("- a\n")?.hasPrefix("t.yaml:1:1: expected a mapping with the keys model") == true)
    }
}
