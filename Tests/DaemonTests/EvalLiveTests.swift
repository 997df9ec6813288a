import Foundation
import Pipeline
import Recognizer
import TestSupport
import Testing

@testable import Daemon

/// The same frames through the two ways that a clip can take.
@Suite(.tags(.gstreamer)) struct EvalLiveTests {
    private static let clip = "val-bowing-000.mp4"
    private static let folder = packageRoot.appending(path: "Tests/Golden/demo/clips").path
    private static let framesPerSecond = 15.0

    /// Of 36 frames, a dense view of eight begins at frame 10 with stride 2 and at frame 0 with stride 5: both are instants
    /// of a stream that is sampled once each stride.
    @Test(arguments: [(2, 10), (5, 0)]) func aClipScoresTheSameAsAWindowOfTheLivePipeline(stride: Int, start: Int)
        throws
    {
        let model = try Model(
            path: packageRoot.appending(path: "etc/models/demo").path,
            backend: CPUBackend.openBLAS(pool: WorkerPool(workers: 2)))
        let vocabulary = try model.vocabulary(model.config.labels.map { ActionText(label: $0) }, cache: nil)
        let views = ViewProtocol(frames: 8, sampling: .dense(stride: stride))
        #expect(views.views(of: 36, clip: Self.clip).map(\.indices) == [(0..<8).map { start + $0 * stride }])

        let evaluated = try Self.evaluated(model, views, vocabulary)
        let windows = try Classification(model: model, vocabulary: vocabulary, file: "\(Self.folder)/\(Self.clip)")
            .windows(
                period: .nanoseconds(Int64(1e9 * Double(stride) / Self.framesPerSecond)), hop: 1,
                progress: ProgressLine(file: ""))
        let window = try #require(
            windows.first { abs($0.start * Self.framesPerSecond - Double(start)) < 0.1 }, "\(windows.map(\.start))")
        #expect(abs(window.end * Self.framesPerSecond - Double(start + 7 * stride)) < 0.1)
        let live = model.config.labels.map { Float(window.scores[$0] ?? -1) }
        expectClose(evaluated, live, .logits, "scores")
    }

    private static func evaluated(_ model: Model, _ views: ViewProtocol, _ vocabulary: Vocabulary) throws -> [Float] {
        let loader = ClipLoader(
            store: try ClipStores.open(folder, cache: nil), entries: [ClipEntry(name: clip, classes: [0])],
            geometry: model.geometry, mean: model.config.mean, deviation: model.config.deviation,
            options: ClipLoaderOptions(threads: 1)
        ) { _, total in views.views(of: total, clip: clip) }
        let read = try #require(loader.next())
        let session = try model.makeSession(capacity: ClipEncoder.capacity(views, geometry: model.geometry))
        let scale = session.scale
        let features = ClipEncoder(session: session, views: views).features(of: try read.clip.get())
        return vocabulary.scores(features, clips: 1, views: 1, scale: scale)
    }
}
