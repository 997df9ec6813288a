import Pipeline
import Testing

@testable import Plugins

@Suite struct RetainedStateTests {
    private var state = RetainedState(topics: TopicNames(base: "b"), cameras: SinkContext.example().cameras)
    private let waving = "b/lobby/action/waving/state"

    @Test func everyLabelIsOffAndEveryCameraConnectingAtFirst() {
        #expect(
            state.all == [
                .retained("b/lobby/status", "connecting"), .retained("b/dock/status", "connecting"),
                .retained(waving, "OFF"), .retained("b/lobby/action/falling-down/state", "OFF"),
                .retained("b/dock/action/a-forklift-reversing/state", "OFF"),
            ])
    }

    @Test func aCameraThatIsSwitchedOffIsDisabled() {
        let state = RetainedState(
            topics: TopicNames(base: "b"), cameras: [.init(name: "lobby", labels: [], isEnabled: false)])
        #expect(state.all == [.retained("b/lobby/status", "disabled")])
    }

    @Test mutating func isOnWhileAtLeastOneEventIsOpen() {
        #expect(state.note(.example(.new, seq: 1, id: "A")) == .retained(waving, "ON"))
        #expect(state.note(.example(.update, seq: 2, id: "A")) == nil)
        #expect(state.note(.example(.new, seq: 3, id: "B")) == nil)
        #expect(state.note(.example(.end, seq: 4, id: "A", end: 4)) == nil)
        #expect(state.all.contains(.retained(waving, "ON")))
        #expect(state.note(.example(.end, seq: 5, id: "B", end: 4)) == .retained(waving, "OFF"))
        #expect(state.all.contains(.retained(waving, "OFF")))
    }

    @Test mutating func countsARepeatedMessageOnce() {
        _ = state.note(.example(.new, seq: 1, id: "A"))
        #expect(state.note(.example(.new, seq: 1, id: "A")) == nil)
        #expect(state.note(.example(.end, seq: 2, id: "A", end: 4)) == .retained(waving, "OFF"))
        #expect(state.note(.example(.end, seq: 2, id: "A", end: 4)) == nil)
    }

    @Test mutating func keepsALabelOutsideTheConfiguration() {
        #expect(state.note(.example(.new, seq: 1, label: "running")) == .retained("b/lobby/action/running/state", "ON"))
        #expect(state.all.contains(.retained("b/lobby/action/running/state", "ON")))
    }

    @Test mutating func remembersTheLatestCameraState() {
        #expect(state.note(camera: "dock", state: .stalled) == .retained("b/dock/status", "stalled"))
        #expect(state.all.contains(.retained("b/dock/status", "stalled")))
        #expect(state.note(camera: "attic", state: .online) == nil)
    }
}
