import Pipeline
import Testing

@testable import Plugins

@Suite struct TopicNamesTests {
    private func fault(_ cameras: (String, [String])...) -> String? {
        TopicNames.fault(in: cameras.map { SinkContext.Camera(name: $0.0, labels: $0.1) })
    }

    @Test func buildsOneTreeBelowTheBase() {
        let topics = TopicNames(base: "claverd/office")
        #expect(topics.status == "claverd/office/status")
        #expect(topics.events == "claverd/office/events")
        #expect(topics.status(camera: "lobby") == "claverd/office/lobby/status")
        #expect(topics.top(camera: "lobby") == "claverd/office/lobby/top")
        #expect(
            topics.state(camera: "lobby", label: "Falling down") == "claverd/office/lobby/action/falling-down/state")
    }

    @Test(arguments: ["", "a/b", "+", "a#", "nul\0", "line\nbreak"])
    func refusesWhatCannotBeALevel(level: String) {
        #expect(TopicNames.fault(inLevel: level) != nil)
        #expect(fault((level, [])) != nil)
    }

    @Test(arguments: ["", "/home", "home/", "home//office", "$SYS/x", "home/+/x"])
    func refusesBasesThatSubscribersCannotName(base: String) {
        #expect(TopicNames.fault(inBase: base) != nil)
    }

    @Test func acceptsNamesInAnyScript() {
        #expect(TopicNames.fault(inBase: "home/büro 2") == nil)
        #expect(fault(("大厅", ["挥手", "waving"])) == nil)
    }

    @Test func namesBothLabelsThatShareASlug() throws {
        let text = try #require(fault(("lobby", ["falling down", "waving", "Falling, down"])))
        #expect(text.contains("\"falling down\"") && text.contains("\"Falling, down\"") && text.contains("lobby"))
    }

    @Test func sameLabelOnTwoCamerasIsFine() {
        #expect(fault(("lobby", ["waving"]), ("dock", ["waving"])) == nil)
    }

    @Test func refusesLabelsWithoutLetterAndCamerasTwice() {
        #expect(fault(("lobby", ["!!"]))?.contains("!!") == true)
        #expect(fault(("lobby", []), ("lobby", []))?.contains("lobby") == true)
    }
}
