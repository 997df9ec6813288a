import Foundation
import Pipeline
import Testing

@Suite struct EventJSONTests {
    private var event: ActionEvent {
        ActionEvent(
            id: "01ARYZ6S410000000000000000", seq: 17, type: .new, instance: "front-office", camera: "lobby",
            label: "hands/feet", score: 0.912_349_9, topScore: Double(Float(0.9)),
            startTime: Date(timeIntervalSince1970: 1_769_851_800.2504), endTime: nil, streamStart: 1.35, streamEnd: nil,
            window: .init(start: 0.066_666_667, end: 2.1), latencyMs: 41.26, endReason: nil, late: false,
            model: "demo@0123456789ab")
    }

    @Test func writesSortedSnakeCaseKeysRoundedValuesAndNoNulls() throws {
        let text = String(decoding: try EventJSON.encode(event), as: UTF8.self)
        #expect(
            text == """
                {"camera":"lobby","id":"01ARYZ6S410000000000000000","instance":"front-office","label":"hands/feet",\
                "late":false,"latency_ms":41.3,"model":"demo@0123456789ab","schema":1,"score":0.9123,"seq":17,\
                "start_time":"2026-01-31T09:30:00.250Z","stream_start":1.35,"top_score":0.9,"type":"new",\
                "window":{"end":2.1,"start":0.067}}
                """)
    }

    @Test func readsWhatItWrites() throws {
        var ended = event
        ended.type = .end
        ended.endTime = Date(timeIntervalSince1970: 1_769_851_803.125)
        ended.streamEnd = 4.225
        ended.endReason = .cameraLost
        let data = try EventJSON.encode(ended)
        let decoded = try EventJSON.decode(data)
        #expect(decoded.endReason == .cameraLost)
        #expect(decoded.endTime == ended.endTime)
        #expect(try EventJSON.encode(decoded) == data)
    }

    @Test func passesOverKeysOfLaterVersions() throws {
        let text = String(decoding: try EventJSON.encode(event), as: UTF8.self)
        let later = text.replacing("{\"camera\"", with: "{\"box\":[1,2],\"camera\"")
        #expect(try EventJSON.decode(Data(later.utf8)).camera == "lobby")
    }

    @Test func refusesAWrongTime() {
        let text = #"{"start_time":"yesterday"}"#
        #expect(throws: DecodingError.self) { try EventJSON.decode(Data(text.utf8)) }
    }

    @Test func writesScores() throws {
        let scores = WindowScores(
            camera: "lobby", window: .init(start: 0, end: 2.1), top: [.init(label: "waving", score: 0.912_345)])
        #expect(
            String(decoding: try EventJSON.encode(scores), as: UTF8.self)
                == #"{"camera":"lobby","top":[{"label":"waving","score":0.9123}],"window":{"end":2.1,"start":0}}"#)
    }

    @Test func saysWhereScoresAreReused() throws {
        let scores = WindowScores(camera: "lobby", window: .init(start: 0, end: 2), top: [], reused: true)
        #expect(
            String(decoding: try EventJSON.encode(scores), as: UTF8.self)
                == #"{"camera":"lobby","reused":true,"top":[],"window":{"end":2,"start":0}}"#)
    }

    @Test func everyEventInTheManualReadsAndWritesBackToItself() throws {
        let manual = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appending(path: "docs/events.md")
        let lines = try String(contentsOf: manual, encoding: .utf8).split(separator: "\n")
        let examples = lines.filter { $0.hasPrefix("{") && $0.contains("\"seq\"") }
        #expect(examples.count == 3)
        var kinds: [ActionEvent.Kind] = []
        for example in examples {
            let event = try EventJSON.decode(Data(example.utf8))
            kinds.append(event.type)
            #expect(String(decoding: try EventJSON.encode(event), as: UTF8.self) == example)
        }
        #expect(kinds == [.new, .update, .end])
    }
}
