import Foundation
import Pipeline
import TestSupport
import Testing

/// The main job: a real clip through the model that comes with claverd.
@Suite(.timeLimit(.minutes(2))) struct DemoRunTests {
    private struct Script: Decodable {
        struct Action: Decodable {
            let label: String
            let start: Double
            let end: Double
        }
        let actions: [Action]
    }

    private func script() throws -> [Script.Action] {
        let data = try Data(contentsOf: URL(filePath: Golden.path("demo/sample.json")))
        return try JSONDecoder().decode(Script.self, from: data).actions
            .filter { !["standing still", "empty room"].contains($0.label) }
    }

    @Test func tellsTheSevenActionsOfTheSampleWithTheirTimesAndNothingElse() async throws {
        let site = try DaemonSite()
        try site.configure(
            "cameras: [{name: demo, source: \(DaemonSite.sample)}]",
            sinks: "[{log: {format: json}}, {file: {path: \(site.path("events.jsonl"))}}]")
        let program = try site.start()
        #expect(try await program.exitStatus() == 0)
        let output = DaemonOutput(program.output.all)
        #expect(output.other.isEmpty)
        #expect(output.states(of: "demo") == [.connecting, .online, .disabled])

        let script = try script()
        let begun = output.events.filter { $0.type == .new }
        let ended = output.events.filter { $0.type == .end }.sorted { $0.streamStart < $1.streamStart }
        #expect(begun.map(\.label) == script.map(\.label))
        #expect(ended.map(\.id) == begun.map(\.id))
        for (event, action) in zip(ended, script) {
            #expect(abs(event.streamStart - action.start) <= 1.5, "start of \(action.label)")
            #expect(abs(try #require(event.streamEnd) - action.end) <= 1.5, "end of \(action.label)")
        }
        // The file ends before the last action has been over for `hold`.
        #expect(output.events.last?.endReason == .disabled)
        #expect(output.events.map(\.seq) == output.events.map(\.seq).sorted())
        #expect(Set(output.events.map(\.model)).count == 1)

        let file = try String(contentsOfFile: site.path("events.jsonl"), encoding: .utf8)
        #expect(try file.split(separator: "\n").map { try EventJSON.decode(Data($0.utf8)) } == output.events)
    }

    @Test func motionGateReusesAFrozenPictureAndSaysSo() async throws {
        let site = try DaemonSite()
        try site.configure(
            "gate: motion\ncameras: [{name: still, source: \"test://checkers-8?width=64&height=64&frames=250\"}]")
        let program = try site.start()
        #expect(try await program.exitStatus() == 0)
        let scores = DaemonOutput(program.output.all).scores
        #expect(scores.count > 20)
        #expect(scores.map { $0.reused == true } == scores.indices.map { $0 > 0 })
        let reused = scores.count - 1
        #expect(
            program.errors.all.contains {
                $0.contains("1 windows scored, \(reused) reused without motion (still \(reused))")
            })
    }

    @Test func countsSequenceNumbersOnOverRestarts() async throws {
        let site = try DaemonSite()
        try site.configure("cameras: [{name: demo, source: \(DaemonSite.sample)}]")
        var seen: [UInt64] = []
        for _ in 0..<2 {
            let program = try site.start()
            #expect(try await program.exitStatus() == 0)
            seen += DaemonOutput(program.output.all).events.map(\.seq)
        }
        #expect(seen.count >= 28)
        #expect(zip(seen, seen.dropFirst()).allSatisfy { $0 < $1 }, "\(seen)")
    }
}
