import Pipeline
import Testing

/// What a pipeline puts out, to be awaited.
final class OutputRecorder: Sendable {
    struct Entry: Sendable {
        let camera: Int
        let output: VideoPipeline.Output

        var window: WindowObservation? {
            if case .report(.window(let window)) = output { window } else { nil }
        }

        var isEnd: Bool { if case .ended = output { true } else { false } }
    }

    private let entries: AsyncStream<Entry>
    private let inlet: AsyncStream<Entry>.Continuation

    init() {
        (entries, inlet) = AsyncStream.makeStream(of: Entry.self)
    }

    func take(_ camera: Int, _ output: VideoPipeline.Output) {
        if case .terminated = inlet.yield(Entry(camera: camera, output: output)) {
            Issue.record("camera \(camera) put out \(output) after the end")
        }
    }

    /// Nothing may come after this.
    func finish() { inlet.finish() }

    /// Everything up to the entry that `isLast` accepts, that included.
    func collect(until isLast: (Entry) -> Bool) async -> [Entry] {
        var all: [Entry] = []
        for await entry in entries {
            all.append(entry)
            if isLast(entry) { break }
        }
        return all
    }

    /// Everything up to the end of the last of so many cameras.
    func collect(untilEndsOf cameras: Int) async -> [Entry] {
        var ended = 0
        return await collect { entry in
            ended += entry.isEnd ? 1 : 0
            return ended == cameras
        }
    }
}

extension [OutputRecorder.Entry] {
    /// First and last time of each window of a camera, in milliseconds.
    func spans(camera: Int = 0) -> [[Int]] {
        filter { $0.camera == camera }.compactMap(\.window)
            .map { [Int($0.start.nanoseconds / 1_000_000), Int($0.end.nanoseconds / 1_000_000)] }
    }

    func states(camera: Int = 0) -> [CameraState] {
        filter { $0.camera == camera }.compactMap { entry in
            if case .report(.state(let state, _, _)) = entry.output { state } else { nil }
        }
    }
}
