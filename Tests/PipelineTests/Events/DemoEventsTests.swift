import Foundation
import Pipeline
import Testing

/// The default rules on the demo model's scores of the demo clip: the events must be those of its script.
@Suite struct DemoEventsTests {
    private struct Scores: Decodable {
        struct Window: Decodable {
            let start: Double
            let end: Double
            let top: String
            let score: Float
        }
        let windows: [Window]
    }

    private struct Script: Decodable {
        struct Action: Decodable {
            let label: String
            let start: Double
            let end: Double
        }
        let actions: [Action]
    }

    private static let labels = [
        "walking left", "walking right", "running", "jumping", "doing jumping jacks", "squatting", "waving",
        "clapping hands", "sitting down", "standing up", "falling down", "kicking", "bowing", "standing still",
        "empty room",
    ]
    private static let ignored = ["standing still", "empty room"]

    private static func read<T: Decodable>(_ name: String, as _: T.Type) throws -> T {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Golden/demo")
        return try JSONDecoder().decode(T.self, from: Data(contentsOf: folder.appending(path: name)))
    }

    @Test func defaultRulesFindEveryActionOfTheSampleAndNothingElse() throws {
        let windows = try Self.read("sample-scores.json", as: Scores.self).windows
        let actions = try Self.read("sample.json", as: Script.self).actions.filter { !Self.ignored.contains($0.label) }
        var tracker = ActionTracker(
            labels: Self.labels.map { .init(name: $0, rules: EventRules(), ignored: Self.ignored.contains($0)) })

        var transitions: [Transition] = []
        for window in windows {
            let rest = (1 - window.score) / Float(Self.labels.count - 1)
            transitions += tracker.observe(
                start: StreamTime(seconds: window.start), end: StreamTime(seconds: window.end),
                scores: Self.labels.map { $0 == window.top ? window.score : rest })
        }
        transitions += tracker.closeAll(reason: .disabled)

        #expect(actions.count == 7)
        #expect(transitions.filter { $0.kind == .new }.map(\.label) == actions.map(\.label))
        let ends = transitions.filter { $0.kind == .end }
        #expect(ends.map(\.label) == actions.map(\.label))
        for (event, action) in zip(ends, actions) {
            let end = try #require(event.end)
            #expect(abs(event.start.seconds - action.start) < 1.5, "start of \(action.label)")
            #expect(abs(end.seconds - action.end) < 1.5, "end of \(action.label)")
        }
    }
}
