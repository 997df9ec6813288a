import Foundation
import Pipeline
import Recognizer
import Synchronization
import Testing

typealias Location = Pipeline.SourceLocation

/// Runs a source and hands its events, without the pictures, to one reader.
final class SourceRecorder: Sendable {
    enum Event: Equatable, Sendable {
        case frame(StreamTime, generation: Int)
        case newEpoch
        case state(CameraState, reason: String?)
        case ended(PipelineError?)
    }

    let source: SupervisedSource
    let events: AsyncStream<Event>
    private let continuation: AsyncStream<Event>.Continuation

    /// - Parameter look: is lent each picture.
    init(
        _ uri: String, options: SourceOptions = SourceOptions(),
        look: @escaping @Sendable (PixelFrame) -> Void = { _ in }
    ) throws {
        source = try FrameSources.make(location: Location(uri), name: "camera", options: options)
        (events, continuation) = AsyncStream.makeStream()
        source.start { [continuation] event in
            switch event {
            case .frame(let frame):
                do {
                    try frame.withPixels(look)
                } catch {
                    Issue.record("a frame cannot be mapped: \(error)")
                }
                continuation.yield(.frame(frame.presentationTime, generation: frame.capsGeneration))
            case .newEpoch: continuation.yield(.newEpoch)
            case .state(let state, let reason): continuation.yield(.state(state, reason: reason))
            case .ended(let error):
                continuation.yield(.ended(error))
                continuation.finish()
            }
        }
    }

    deinit { source.stop() }

    /// All events up to the first that fits, that one included.
    func events(through fits: (Event) -> Bool) async -> [Event] {
        var seen: [Event] = []
        for await event in events {
            seen.append(event)
            if fits(event) { break }
        }
        return seen
    }

    /// All events of a source that ends by itself.
    func allEvents() async -> [Event] { await events { _ in false } }

    func events(until state: CameraState) async -> [Event] {
        await events { if case .state(state, _) = $0 { true } else { false } }
    }
}

extension [SourceRecorder.Event] {
    var times: [StreamTime] {
        compactMap { if case .frame(let time, _) = $0 { time } else { nil } }
    }

    var states: [CameraState] {
        compactMap { if case .state(let state, _) = $0 { state } else { nil } }
    }

    var reasons: [String] {
        compactMap { if case .state(_, let reason) = $0 { reason } else { nil } }
    }

    /// The error of `ended`; nil if there was none.
    var failure: PipelineError? {
        if case .ended(let error)? = last { error } else { nil }
    }
}

/// Files that the tests read.
enum SampleFile {
    /// 468 frames at 15 per second, 112x112, index behind the data.
    static let demo = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "etc/demo/sample.mp4").path
}

/// A folder that goes with the value.
final class TemporaryFolder: Sendable {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "claverd-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    /// Writes a file and returns its path.
    func file(_ name: String, _ bytes: some Sequence<UInt8>) throws -> String {
        let place = url.appending(path: name)
        try Data(bytes).write(to: place)
        return place.path
    }

    /// Runs gst-launch-1.0 inside the folder.
    func launch(_ description: String) async throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/gst-launch-1.0")
        process.arguments = ["-q"] + description.split(separator: " ").map(String.init)
        process.currentDirectoryURL = url
        let ended = AsyncStream<Void>.makeStream()
        process.terminationHandler = { _ in ended.continuation.finish() }
        try process.run()
        for await _ in ended.stream {}
        try #require(!process.isRunning && process.terminationStatus == 0, "gst-launch-1.0 \(description)")
    }

    func path(_ name: String) -> String { url.appending(path: name).path }
}
