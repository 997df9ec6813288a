import Pipeline
import Testing

@testable import Daemon

@Suite struct GateSettingsTests {
    private static func thresholds(_ file: String, _ camera: String) throws -> [Double?] {
        let configuration = try Configuration(
            text: "model: demo\n\(file)\ncameras: [{name: a, source: a.mp4\(camera)}, {name: b, source: b.mp4}]")
        return configuration.cameras.map(\.gate.motionThreshold)
    }

    @Test func isOffAndCanBeSetForAllOrForOne() throws {
        #expect(try Self.thresholds("", "") == [nil, nil])
        #expect(try Self.thresholds("gate: motion", "") == [MotionGate.usualThreshold, MotionGate.usualThreshold])
        #expect(try Self.thresholds("gate: {motion: 3.5}", ", gate: off") == [nil, 3.5])
        #expect(try Self.thresholds("", ", gate: {motion: 20}") == [20, nil])
    }

    @Test(arguments: [
        ("gate: yes", "t.yaml:2:7: gate: expected off, motion or {motion: LEVELS}"),
        ("gate: {motion: 300}", "t.yaml:2:16: gate.motion: expected a number in 0 ... 255"),
        ("gate: {}", "t.yaml:2:7: gate: expected {motion: LEVELS}"),
        ("gate: {sound: 1}", "t.yaml:2:8: gate: unknown key"),
    ])
    func saysWhatIsAccepted(text: String, error: String) {
        let found = configurationError("model: demo\n\(text)\ncameras: [{name: a, source: a.mp4}]")
        #expect(found?.hasPrefix(error) == true, "\(found ?? "accepted")")
    }

    @Test func countsReusedWindowsOfEachCamera() {
        let count = WindowCount(scored: 12, reused: [("lobby", 0), ("dock", 3), ("hall", 4)])
        #expect(count.description == "12 windows scored, 7 reused without motion (dock 3, hall 4)")
        #expect(WindowCount(scored: 12, reused: [("lobby", 0)]).description == "12 windows scored")
    }
}
