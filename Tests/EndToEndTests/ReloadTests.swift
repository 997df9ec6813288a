import Foundation
import Pipeline
import TestSupport
import Testing

/// SIGHUP: the configuration is read again.
@Suite(.timeLimit(.minutes(2))) struct ReloadTests {
    /// One live camera on which an event opens at once and stays open.
    private func lines(camera: String) -> String {
        """
        sampling: {every: 100ms}
        events: {enter: 0.02, exit: 0.0001, min_windows: 1}
        actions: [waving, jumping]
        ignore: [empty room]
        cameras: [{name: \(camera), source: "test://ball?width=64&height=64&rate=10"}]
        """
    }

    private func hasEvent(on camera: String) -> @Sendable ([String]) -> Bool {
        { DaemonOutput($0).events.contains { $0.camera == camera } }
    }

    @Test func changesToTheNewConfigurationAndEndsWhatWasOpen() async throws {
        let site = try DaemonSite()
        try site.configure(lines(camera: "first"))
        let program = try site.start()
        try await program.output.wait(for: "an event of the first", until: hasEvent(on: "first"))
        for camera in ["second", "third"] {
            try site.configure(lines(camera: camera))
            program.send(SIGHUP)
            try await program.output.wait(for: "an event of the \(camera)", until: hasEvent(on: camera))
        }
        program.send(SIGTERM)
        #expect(try await program.exitStatus(within: .seconds(10)) == 0)
        let events = DaemonOutput(program.output.all).events
        for camera in ["first", "second", "third"] {
            let own = events.filter { $0.camera == camera }
            let begun = Set(own.filter { $0.type == .new }.map(\.id))
            let ends = own.filter { $0.type == .end }
            #expect(Set(ends.map(\.id)) == begun)
            #expect(ends.allSatisfy { $0.endReason == (camera == "third" ? .shutdown : .reload) })
        }
        #expect(events.map(\.seq) == events.map(\.seq).sorted())
        #expect(Set(events.map(\.seq)).count == events.count)
    }

    /// What cannot be read, what is wrong, and what only a source or the model finds wrong.
    private static let mistakes = [
        "cameras: [", "cameras: [{name: first, source: \"test://ball\", colour: red}]",
        "cameras: [{name: first, source: \"test://nothing\"}]",
        "actions: [waving, \"\(String(repeating: "a very long walk ", count: 12))\"]\n"
            + "cameras: [{name: first, source: \"test://ball\"}]",
    ]

    @Test func keepsTheOldConfigurationWhenTheNewOneIsWrong() async throws {
        let site = try DaemonSite()
        try site.configure(lines(camera: "first"))
        let program = try site.start()
        try await program.output.wait(for: "an event", until: hasEvent(on: "first"))
        for (index, mistake) in Self.mistakes.enumerated() {
            try site.configure(mistake)
            program.send(SIGHUP)
            try await program.errors.wait(for: "refusal of \(mistake)") {
                $0.count { $0.contains("the old configuration stays") } == index + 1
            }
        }
        try site.configure("cameras: [{name: first, source: \"test://ball\"}]", model: "nowhere")
        program.send(SIGHUP)
        try await program.errors.wait(containing: "no model \"nowhere\"")
        let seen = DaemonOutput(program.output.all).scores.count
        try await program.output.wait(for: "more windows") { DaemonOutput($0).scores.count > seen + 5 }
        program.send(SIGTERM)
        #expect(try await program.exitStatus(within: .seconds(10)) == 0)
        let output = DaemonOutput(program.output.all)
        #expect(output.states(of: "first") == [.connecting, .online])
        #expect(output.events.allSatisfy { $0.endReason == nil || $0.endReason == .shutdown })
    }

    @Test func goesBackToTheOldConfigurationWhenASinkCannotStart() async throws {
        let site = try DaemonSite()
        try site.configure(lines(camera: "first"))
        let program = try site.start()
        try await program.output.wait(for: "an event", until: hasEvent(on: "first"))
        try site.configure(
            lines(camera: "second"), sinks: "[{log: {format: json}}, {file: {path: \(site.path("none/events.jsonl"))}}]"
        )
        program.send(SIGHUP)
        try await program.errors.wait(containing: "back to the old configuration")
        try await program.output.wait(for: "an event after the attempt") { lines in
            let events = DaemonOutput(lines).events
            return events.contains { $0.endReason == .reload } && events.last?.type != .end
        }
        program.send(SIGTERM)
        #expect(try await program.exitStatus(within: .seconds(10)) == 0)
        let output = DaemonOutput(program.output.all)
        #expect(output.states(of: "second").isEmpty)
        #expect(output.ended == Set(output.events.map(\.id)))
    }
}
