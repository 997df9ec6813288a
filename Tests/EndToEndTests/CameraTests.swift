import Foundation
import Pipeline
import TestSupport
import Testing

/// Several sources in one process.
@Suite(.tags(.gstreamer), .timeLimit(.minutes(2))) struct CameraTests {
    @Test func watchesTwoFilesACameraAndAGeneratedPictureBesideOneThatIsNotThere() async throws {
        let server = try CameraServer(script: "rtsp_server.py")
        let site = try DaemonSite()
        let nobody = try MosquittoPort.free()
        try site.configure(
            """
            sampling: {every: 200ms}
            cameras:
              - {name: gone, source: "rtsp://viewer:hunter2@127.0.0.1:\(nobody)/camera"}
              - {name: demo, source: \(DaemonSite.sample)}
              - {name: clip, source: \(Golden.path("demo/clips/val-waving-019.mp4"))}
              - {name: ball, source: "rtsp://127.0.0.1:\(server.port)/camera"}
              - {name: bars, source: "test://smpte"}
            """)
        let program = try site.start()
        try await program.output.wait(for: "windows of every camera", within: .seconds(60)) { lines in
            let output = DaemonOutput(lines)
            return output.states(of: "demo").last == .disabled && output.states(of: "clip").last == .disabled
                && ["ball", "bars"].allSatisfy { output.windows(of: $0) >= 5 }
        }
        program.send(SIGTERM)
        #expect(try await program.exitStatus(within: .seconds(10)) == 0)
        let output = DaemonOutput(program.output.all)
        #expect(output.other.isEmpty)
        #expect(output.windows(of: "demo") == 149)
        #expect(output.windows(of: "clip") == 5)
        #expect(output.windows(of: "gone") == 0)
        #expect(output.states(of: "gone").prefix(2) == [.connecting, .offline])
        #expect(output.states(of: "ball") == [.connecting, .online])
        #expect(
            Set(output.events.filter { $0.camera == "demo" }.map(\.label)).isSuperset(of: ["waving", "falling down"]))
        #expect(output.ended == Set(output.events.map(\.id)))
        let all = (program.output.all + program.errors.all).joined(separator: "\n")
        #expect(!all.contains("hunter2"))
    }

    @Test func endsWhatALostCameraLeftOpenAndGoesOnWhenItIsBack() async throws {
        let server = try CameraServer(script: "rtsp_server.py", ["--width", "64", "--height", "64"])
        let site = try DaemonSite()
        try site.configure(
            """
            sampling: {every: 100ms}
            events: {enter: 0.02, exit: 0.0001, min_windows: 1, hold: 200ms}
            actions: [waving, jumping]
            ignore: [empty room]
            cameras: [{name: ball, source: "rtsp://127.0.0.1:\(server.port)/camera"}]
            """)
        let program = try site.start()
        try await program.output.wait(for: "an event") { DaemonOutput($0).events.contains { $0.type == .new } }
        server.kill()
        let lost = try await program.output.wait(for: "the end of the events") { lines in
            let output = DaemonOutput(lines)
            return !output.ended.isEmpty && output.ended == Set(output.events.map(\.id))
        }
        #expect(DaemonOutput(lost).states(of: "ball").prefix(3) == [.connecting, .online, .offline])
        #expect(DaemonOutput(lost).events.filter { $0.type == .end }.allSatisfy { $0.endReason == .cameraLost })
        let revived = try CameraServer(
            script: "rtsp_server.py", ["--width", "64", "--height", "64", "--port", "\(server.port)"])
        try await program.output.wait(for: "an event of the camera that is back", within: .seconds(40)) {
            DaemonOutput($0).events.filter { $0.type == .new }.count > DaemonOutput(lost).ended.count
        }
        revived.kill()
        program.send(SIGTERM)
        #expect(try await program.exitStatus(within: .seconds(10)) == 0)
        let output = DaemonOutput(program.output.all)
        #expect(output.states(of: "ball").count { $0 == .online } == 2)
        let starts = output.events.filter { $0.type == .new }.map(\.streamStart)
        #expect(starts == starts.sorted())
    }

    @Test func windowsOfALiveCameraComeAtTheConfiguredRate() async throws {
        let site = try DaemonSite()
        try site.configure(
            """
            sampling: {every: 200ms, hop: 2}
            cameras: [{name: bars, source: "test://smpte?width=64&height=64&rate=20"}]
            """)
        let program = try site.start()
        let lines = try await program.output.wait(for: "ten windows") { DaemonOutput($0).windows(of: "bars") >= 10 }
        program.send(SIGTERM)
        #expect(try await program.exitStatus(within: .seconds(10)) == 0)
        let ends = DaemonOutput(lines).scores.map(\.window.end)
        for (before, after) in zip(ends, ends.dropFirst()) {
            #expect(abs(((after - before) / 0.4).rounded() * 0.4 - (after - before)) < 0.03, "\(ends)")
        }
        #expect(DaemonOutput(lines).scores.allSatisfy { abs($0.window.end - $0.window.start - 1.4) < 0.03 })
    }
}
