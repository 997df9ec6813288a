import Foundation
import Pipeline
import Recognizer
import TestSupport
import Testing

@testable import Daemon

@Suite(.tags(.gstreamer)) struct ReportExplainTests {
    private static let sample = packageRoot.appending(path: "etc/demo/sample.mp4").path
    private static let demo = packageRoot.appending(path: "etc/models/demo").path

    /// The pixels that are explained are those that were scored.
    @Test func readsTheSameFramesAgain() throws {
        let model = try Model(path: Self.demo, backend: CPUBackend.openBLAS(pool: WorkerPool(workers: 2)))
        let vocabulary = try model.vocabulary(model.config.labels.map { ActionText(label: $0) }, cache: nil)
        let period = Duration.milliseconds(300)
        let windows = try Classification(model: model, vocabulary: vocabulary, file: Self.sample)
            .windows(period: period, hop: 2, progress: ProgressLine(file: Self.sample))
        let chosen = ExplainedFile.chosen(windows)
        #expect((2...8).contains(chosen.count) && chosen.map(\.start) == chosen.map(\.start).sorted())
        let patches = try ExplainedFrames.patches(
            of: Self.sample, model: model, period: period, hop: 2, windows: chosen)
        let frames = model.geometry.frames
        let session = try model.makeSession(capacity: VisionCapacity(frames: frames, windows: 1, slots: frames))
        let maps = try model.makeAttentionMaps(pool: WorkerPool(workers: 2))
        var feature = [Float](repeating: 0, count: model.geometry.embeddingWidth)
        for (window, patches) in zip(chosen, patches) {
            let patches = try #require(patches)
            session.encodeFrames(patches, count: frames, slots: Array(0..<frames))
            session.encodeWindows(Array(0..<frames), count: 1, videoFeatures: &feature)
            var scores: [Float] = []
            session.score(feature, vocabulary, scores: &scores)
            let expected = vocabulary.labels.map { Float(window.scores[$0] ?? -1) }
            expectClose(scores, expected, .scores, "scores from \(window.start) s")
            expectClose(
                maps.window(patches).frameFeatures, session.readFrameFeatures(window: 0), .features, "frame features")
        }
    }

    @Test(arguments: [["--clip"], ["--hop", "4"]]) func writesAPage(arguments: [String]) throws {
        let program = URL(filePath: ConfigurationEnvironment.current.executable)
            .deletingLastPathComponent().appending(path: "claverd").path
        try withTemporaryDirectory { directory in
            let page = directory + "/page.html"
            let run = try ProgramRun(
                program, ["classify", Self.sample, "--model", Self.demo, "--explain", page] + arguments)
            #expect(run.status == 0, "\(run.error)")
            let text = try String(contentsOfFile: page, encoding: .utf8)
            let strips = text.matches(of: /<img class="strip"/).count
            #expect(arguments == ["--clip"] ? strips == 3 : strips >= 6 && strips % 3 == 0)
            #expect(text.contains("<h1>sample.mp4</h1>") && !text.contains("http:") && !text.contains("https:"))
        }
    }

    @Test func saysWhereItCannotWrite() throws {
        let program = URL(filePath: ConfigurationEnvironment.current.executable)
            .deletingLastPathComponent().appending(path: "claverd").path
        let run = try ProgramRun(
            program, ["classify", Self.sample, "--model", Self.demo, "--clip", "--explain", "/nowhere/page.html"])
        #expect(run.status == ExitStatus.cannotCreate.rawValue && run.output.isEmpty)
        #expect(run.error.contains("/nowhere/page.html"))
    }
}
