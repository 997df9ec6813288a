import Foundation
import Pipeline
import TestSupport
import Testing

/// What claverd says to inputs that are no video, and to configurations it cannot run.
@Suite(.timeLimit(.minutes(3))) struct BadInputTests {
    /// Inputs by name, with what the error must say besides the name.
    private static let reasons = [
        "text.mp4": "not a video", "empty.mp4": "is empty (0 bytes)", "sound.mp4": "no video stream (audio only)",
        "cut.mp4": "moov atom) is missing", "folder.mp4": "is a directory", "missing.mp4": "No such file",
    ]

    private func place(_ site: DaemonSite) throws {
        try site.write("text.mp4", Array("It was a dark and stormy night, and no video was in sight.\n".utf8))
        try site.write("empty.mp4", [])
        let sample = try Data(contentsOf: URL(filePath: DaemonSite.sample))
        try site.write("cut.mp4", sample.prefix(sample.count / 2))
        try FileManager.default.createDirectory(atPath: site.path("folder.mp4"), withIntermediateDirectories: true)
        try RunningProgram.run(
            "/usr/bin/gst-launch-1.0",
            "-q audiotestsrc num-buffers=40 ! audioconvert ! avenc_aac ! mp4mux ! filesink location=".split(
                separator: " "
            )
            .map { $0 == "location=" ? "location=\(site.path("sound.mp4"))" : String($0) })
    }

    @Test func classifyNamesTheFileAndTheReason() async throws {
        let site = try DaemonSite()
        try place(site)
        for (name, reason) in Self.reasons.sorted(by: { $0.key < $1.key }) {
            for more in [[], ["--clip"]] {
                let run = try await ProgramRun.awaited(builtClaverd, ["classify", site.path(name), "--json"] + more)
                #expect(run.status == (name == "missing.mp4" ? 66 : 65), "\(name) \(more): \(run.error)")
                #expect(run.output.isEmpty)
                #expect(run.error.hasPrefix("claverd: ") && run.error.contains(site.path(name)), "\(run.error)")
                #expect(run.error.contains(reason), "\(run.error)")
                #expect(run.error.filter(\.isNewline).count == 1, "\(run.error)")
            }
        }
    }

    @Test func runTellsEachAndWatchesTheOthers() async throws {
        let site = try DaemonSite()
        try place(site)
        let cameras = Self.reasons.keys.sorted().map { "  - {name: \($0), source: \($0)}\n" }.joined()
        try site.configure("cameras:\n  - {name: good, source: \(DaemonSite.sample)}\n\(cameras)")
        let program = try site.start()
        #expect(try await program.exitStatus() == 65)
        let output = DaemonOutput(program.output.all)
        #expect(output.windows(of: "good") == 97)
        #expect(output.events.count { $0.type == .end } == 7)
        for (name, reason) in Self.reasons {
            let told = output.states.last { $0.camera == name }
            #expect(told?.state == .disabled)
            #expect(told?.reason?.contains(reason) == true && told?.reason?.contains(site.path(name)) == true)
            let logged = program.errors.all.filter { $0.contains("error") && $0.contains("camera \(name): ") }
            #expect(logged.count == 1 && logged[0].contains(site.path(name)) && logged[0].contains(reason), "\(logged)")
        }
    }

    /// Lines of a configuration, the exit status, and what the error says.
    private static let configurations: [(String, Int32, [String])] = [
        ("cameras: []", 78, ["cameras"]),
        ("camera: [{name: a, source: a.mp4}]", 78, ["claverd.yaml:6:1", "did you mean \"cameras\""]),
        ("cameras: [{name: a/b, source: a.mp4}]", 78, ["claverd.yaml:6:", "cameras[0].name"]),
        ("cameras: [{name: a, source: \"gopher://x/y\"}]", 78, ["claverd.yaml:6:", "cameras[0].source"]),
        (
            "cameras: [{name: a, source: \"a.mp4 ! filesink location=x\"}, {name: a, source: b}]", 78,
            ["cameras[1].name"]
        ),
        ("allow: {files: [clips]}\ncameras: [{name: a, source: /etc/hostname}]", 78, ["allow.files"]),
        ("events: {enter: 0.3, exit: 0.5}\ncameras: [{name: a, source: a.mp4}]", 78, ["exit"]),
        (
            "actions: [\"\\u0007\", waving]\ncameras: [{name: a, source: a.mp4}]", 78,
            ["actions[0]", "control character"]
        ),
        (
            "actions: [waving, \"\(String(repeating: "a very long walk ", count: 12))\"]\n"
                + "cameras: [{name: a, source: a.mp4}]", 65, ["a very long walk", "77"]
        ),
        ("cameras: [{name: a, source: a.mp4, enabled: false}]", 78, ["no camera is enabled"]),
    ]

    @Test(arguments: configurations) func refusesAConfigurationInOneLine(
        lines: String, status: Int32, parts: [String]
    ) async throws {
        let site = try DaemonSite()
        try site.configure(lines)
        let run = try await ProgramRun.awaited(builtClaverd, ["run", site.path("claverd.yaml")])
        #expect(run.status == status, "\(run.error)")
        #expect(run.output.isEmpty)
        #expect(run.error.filter(\.isNewline).count == 1, "\(run.error)")
        #expect(run.error.hasPrefix("claverd: "))
        for part in parts { #expect(run.error.contains(part), "\(run.error)") }
    }

    @Test func refusesAFileSinkWithoutItsFolder() async throws {
        let site = try DaemonSite()
        try site.configure(
            "cameras: [{name: a, source: a.mp4}]", sinks: "[{file: {path: \(site.path("none/events.jsonl"))}}]")
        let run = try await ProgramRun.awaited(builtClaverd, ["run", site.path("claverd.yaml")])
        #expect(run.status != 0 && run.error.contains(site.path("none")), "\(run.status) \(run.error)")
    }

    @Test func refusesADamagedModel() async throws {
        let site = try DaemonSite()
        try FileManager.default.copyItem(
            atPath: packageRoot.appending(path: "etc/models/demo").path, toPath: site.path("model"))
        let weights = try Data(contentsOf: site.folder.appending(path: "model/model.safetensors"))
        try site.write("model/model.safetensors", weights.prefix(weights.count / 2))
        try site.configure("cameras: [{name: a, source: \(DaemonSite.sample)}]", model: "./model")
        let run = try await ProgramRun.awaited(builtClaverd, ["run", site.path("claverd.yaml")])
        #expect(run.status == 65, "\(run.error)")
        #expect(run.error.contains("model.safetensors") && run.error.filter(\.isNewline).count == 1, "\(run.error)")
    }
}
