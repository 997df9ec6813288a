import Foundation
import Pipeline
import Testing

@testable import Daemon

@Suite struct ConfigurationTests {
    @Test func fillsInDefaults() throws {
        let configuration = try Configuration(text: "model: demo\ncameras: [{name: a, source: clip.mp4}]")
        #expect(configuration.instance == "box")
        #expect(configuration.actions == nil)
        #expect(configuration.workers == 3)
        #expect(configuration.stateDirectory == "/home/u/.local/state/claverd")
        #expect(configuration.cacheDirectory == "/home/u/.cache/claverd")
        #expect(configuration.allowedFiles == ["/"])
        #expect(configuration.logLevel == .info)
        #expect(configuration.sinks.map(\.kind) == ["log"])
        let camera = configuration.cameras[0]
        #expect(camera.source == .file(path: "/cfg/clip.mp4"))
        #expect(camera.sampling == SamplingSettings())
        #expect(camera.events == EventSettings())
        #expect(camera.region == CameraSettings.Region())
        #expect(camera.rotation == .none)
        #expect(camera.enabled)
    }

    @Test func takesDirectoriesFromSystemd() throws {
        let configuration = try Configuration(
            text: "model: demo\ncameras: [{name: a, source: clip.mp4}]",
            variables: ["STATE_DIRECTORY": "/var/lib/claverd", "CACHE_DIRECTORY": "/var/cache/claverd:/other"])
        #expect(configuration.stateDirectory == "/var/lib/claverd")
        #expect(configuration.cacheDirectory == "/var/cache/claverd")
    }

    @Test func camerasInheritWhatTheyDoNotSay() throws {
        let configuration = try Configuration(
            text: """
                model: demo
                sampling: {every: 200ms, hop: 4}
                events: {enter: 0.8, hold: 3s}
                cameras:
                  - {name: a, source: rtsp://h/s}
                  - {name: b, source: "file:///b.mp4", sampling: {hop: 2}, events: {exit: 0.1}}
                """)
        #expect(configuration.cameras[0].sampling.hop == 4)
        #expect(configuration.cameras[1].sampling.hop == 2)
        #expect(configuration.cameras[1].sampling.every == .milliseconds(200))
        #expect(configuration.cameras[1].events.enter == 0.8)
        #expect(configuration.cameras[1].events.exit == 0.1)
        #expect(configuration.cameras[1].events.hold == .seconds(3))
        #expect(configuration.cameras[1].source == .file(path: "/b.mp4"))
    }

    @Test func actionsOverrideTheCamerasRules() throws {
        let configuration = try Configuration(
            text: """
                model: demo
                actions: [waving, {text: a person falls, label: fall, enter: 0.9, min_windows: 5}]
                cameras: [{name: a, source: clip.mp4}]
                """)
        let action = try #require(configuration.actions?[1])
        #expect(action.label == "fall")
        let rules = action.overrides.applied(to: configuration.cameras[0].events)
        #expect(rules.enter == 0.9)
        #expect(rules.minWindows == 5)
        #expect(rules.exit == EventSettings().exit)
        #expect(configuration.actions?[0] == ActionSettings(text: "waving"))
    }

    @Test func readsDurationsInEveryUnit() throws {
        for (text, duration) in [
            ("250ms", Duration.milliseconds(250)), ("2s", .seconds(2)), ("1.5s", .milliseconds(1500)),
            ("2m", .seconds(120)), ("1h", .seconds(3600)),
        ] {
            let configuration = try Configuration(
                text: "model: demo\nevents: {hold: \(text)}\ncameras: [{name: a, source: clip.mp4}]")
            #expect(configuration.events.hold == duration)
        }
    }

    @Test func printedTextReadsBackAsTheSame() throws {
        let text = """
            model: ./models/m
            instance: "no"
            actions: [waving, "yes", {text: "falling: down", label: "1", enter: 0.7, exit: 0.35, min_windows: 3, hold: 1.5s}]
            ignore: [standing still, "#empty"]
            templates: ["{}", "a \\"video\\" of {}"]
            sampling: {every: 120ms, hop: 3}
            gate: {motion: 2.5}
            events: {smoothing: 250ms, update_every: 1m}
            cameras:
              - name: Küche
                source: "rtsp://${env:U}:${env:P}@h:554/s"
                region: {x: 0.25, y: 0.1, width: 0.5}
                rotation: 270
                decode: keyframes
                decoder: software
                gate: off
                actions: [jumping]
                ignore: [empty room]
              - {name: b, source: clips/b.mp4, enabled: false, events: {enter: 0.9}}
            sinks:
              - log:
              - mqtt: {host: h, port: 1884, username: "123", password: "${env:P}"}
            workers: 4
            state: state
            allow: {files: [/srv, clips]}
            log: {level: debug}
            """
        let variables = ["U": "viewer", "P": "s3cret/%"]
        let first = try Configuration(text: text, variables: variables)
        let printed = try SettingsWriter.yaml(first.effective)
        let second = try Configuration(text: printed, variables: variables)
        #expect(try SettingsWriter.yaml(second.effective) == printed)
        #expect(second.cameras == first.cameras)
        #expect(second.actions == first.actions)
        #expect(second.ignore == first.ignore)
        #expect(second.templates == first.templates)
        #expect(second.events == first.events)
        #expect(second.sampling == first.sampling)
        #expect(second.instance == "no")
        #expect(second.stateDirectory == "/cfg/state")
        #expect(second.allowedFiles == ["/srv", "/cfg/clips"])
        #expect(try second.sinks[1].reader(file: "t").integer("port", in: 1...65535) == 1884)
        #expect(try second.sinks[1].reader(file: "t").text("password") == "s3cret/%")
    }

    @Test func printsJSONWithNumbersAsNumbers() throws {
        let configuration = try Configuration(
            text: "model: demo\ninstance: '7'\ncameras: [{name: a, source: clip.mp4}]")
        let data = Data(SettingsWriter.json(configuration.effective).pretty.utf8)
        let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(object["workers"] as? Int == 3)
        #expect(object["instance"] as? String == "7")
        #expect((object["events"] as? [String: Any])?["enter"] as? Double == 0.6)
    }

    @Test func pointsAtTheNearestKeyThatExists() throws {
        let configuration = try Configuration(text: "model: demo\ncameras:\n  - name: a\n    source: clip.mp4\n")
        #expect(
            configuration.error(at: "cameras[0].source", "gone").description
                == "/cfg/t.yaml:4:13: cameras[0].source: gone")
        #expect(configuration.error(at: "cameras[0].sampling.hop", "x").mark == SettingsMark(line: 3, column: 5))
    }
}

@Suite struct LabelSetTests {
    private func configuration(_ settings: String) throws -> Configuration {
        try Configuration(text: "model: demo\n\(settings)\ncameras: [{name: a, source: clip.mp4}]")
    }

    private func labels(_ settings: String, model: [String], ignored: [String]) throws -> ([String], [String]) {
        let configuration = try configuration(settings)
        let set = try configuration.labels(of: configuration.cameras[0], modelLabels: model, modelIgnored: ignored)
        return (set.actions.map(\.label), set.ignored)
    }

    @Test func takesTheModelsLabelsWithoutThoseIgnored() throws {
        let found = try labels("", model: ["wave", "run", "empty room"], ignored: ["empty room"])
        #expect(found == (["wave", "run"], ["empty room"]))
    }

    @Test func anIgnoredLabelOfTheModelStepsBackWhereItIsAnAction() throws {
        let found = try labels(
            "actions: [empty room]", model: ["wave"], ignored: ["empty room", "standing still"])
        #expect(found == (["empty room"], ["standing still"]))
    }

    @Test func refusesASingleActionOnceTheModelHasNothingToAdd() throws {
        do {
            _ = try labels("actions: [waving]", model: ["wave"], ignored: [])
            Issue.record("accepted")
        } catch {
            #expect("\(error)".hasPrefix(#"/cfg/t.yaml:2:10: actions: "waving" is the only label"#))
        }
    }

    @Test func refusesATextGivenTwiceUnderTwoLabels() {
        #expect(throws: LabelSetError.sameText("fall")) {
            try LabelSet(
                actions: [ActionSettings(text: "fall", label: "a"), ActionSettings(text: "fall", label: "b")],
                ignored: [])
        }
    }
}
