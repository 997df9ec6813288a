import Foundation
import Pipeline
import Testing

@testable import Plugins

@Suite struct EventTextTests {
    private let text: EventText
    private let noon = Date(timeIntervalSince1970: 1_700_000_000.1204)

    init() throws {
        text = EventText(cameras: SinkContext.example().cameras, timeZone: try #require(TimeZone(identifier: "UTC")))
    }

    @Test func alignsTheLinesOfAnEvent() {
        let messages: [SinkMessage] = [
            .camera(name: "dock", state: .stalled, reason: "no frame for 5 s"),
            .event(.example(.new, seq: 1)),
            .event(.example(.update, seq: 2, score: 0.91)),
            .event(.example(.end, seq: 3, score: 0.3, end: 7.1, reason: .score)),
            .event(
                .example(
                    .end, seq: 4, camera: "dock", label: "a forklift reversing", start: 3598.06, end: 3661.2,
                    reason: .cameraLost, late: true)),
            .scores(
                WindowScores(
                    camera: "lobby", window: .init(start: 0.2, end: 2.3),
                    top: [.init(label: "waving", score: 0.871), .init(label: "falling down", score: 0.1)])),
        ]
        #expect(
            messages.map { text.line($0, at: noon) } == [
                "22:13:20.120  dock   CAMERA  stalled: no frame for 5 s",
                "22:13:20.120  lobby  NEW     waving                0.87  0:02.3",
                "22:13:20.120  lobby  UPDATE  waving                0.91  0:04.4",
                "22:13:20.120  lobby  END     waving                0.91  0:02.3 ... 0:07.1 (4.8 s)",
                "22:13:20.120  dock   END     a forklift reversing  0.91  59:58.1 ... 1:01:01.2 (63.1 s)  camera_lost  late",
                "22:13:20.120  lobby  SCORES  0:02.3  waving 0.87, falling down 0.10",
            ])
    }

    @Test func staysOneLineWhateverTheNamesAre() {
        let line = text.line(.event(.example(.new, seq: 1, camera: "a\u{1b}[31mb", label: "x\ny")), at: noon)
        #expect(!line.contains("\n") && !line.contains("\u{1b}"))
        #expect(line.contains("x\\u{a}y"))
        let camera = text.line(.camera(name: "lobby", state: .offline, reason: "gone\r\nFAKE"), at: noon)
        #expect(!camera.contains("\n") && !camera.contains("\r"))
    }

    @Test(
        arguments: [
            (0, "0:00.0"), (59.96, "1:00.0"), (61.25, "1:01.3"), (3600, "1:00:00.0"), (-0.01, "0:00.0"),
            (-2, "-0:02.0"),
            (.infinity, "-"), (.nan, "-"),
        ] as [(Double, String)])
    func showsStreamTime(seconds: Double, text: String) {
        #expect(EventText.streamTime(seconds) == text)
    }
}
