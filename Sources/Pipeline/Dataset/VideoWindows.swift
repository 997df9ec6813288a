import Foundation
package import Recognizer

/// Windows of a video file as a stream would give them, one behind the other; of a file that is too short for one, its
/// whole length as one window.
package struct VideoWindows: Sendable {
    private let config: ModelConfig
    private let period: Duration

    /// - Parameter period: stream time from one frame to the next.
    package init(_ config: ModelConfig, period: Duration) {
        self.config = config
        self.period = period
    }

    /// Patches of each window, (T, N, 3*P*P). Blocks its thread.
    ///
    /// - Parameter most: windows after which the rest of the file is not looked at.
    /// - Throws: `PipelineError` or `ClipFailure` for a file that cannot be read.
    package func windows(of file: String, most: Int) throws -> [[Float]] {
        let source = try FrameSources.make(location: .file(path: file), name: file)
        let collector = WindowCollector(
            geometry: config.geometry,
            preprocessor: FramePreprocessor(
                imageSize: config.geometry.imageSize, patchSize: config.geometry.patchSize, mean: config.mean,
                deviation: config.deviation),
            period: period, most: most)
        source.start { collector.handle($0) }
        let result = collector.wait()
        source.stop()
        let windows = try result.get()
        guard windows.isEmpty else { return windows }
        return [try WholeClip(config).patches(of: file)]
    }
}

/// Takes a file's frames and makes windows of them.
///
/// `@unchecked Sendable`: the source calls `handle` serially; the others wait for `done` before they look.
private final class WindowCollector: @unchecked Sendable {
    private let geometry: ModelGeometry
    private let preprocessor: FramePreprocessor
    private let most: Int
    private let done = DispatchSemaphore(value: 0)
    private var selector: FrameSelector
    private var epoch = 0
    private var held: (any HeldFrame)?
    private var window: [Float] = []
    private var windows: [[Float]] = []
    private var failure: (any Error)?
    private var isOver = false

    init(geometry: ModelGeometry, preprocessor: FramePreprocessor, period: Duration, most: Int) {
        self.geometry = geometry
        self.preprocessor = preprocessor
        self.most = most
        selector = FrameSelector(period: period)
    }

    func wait() -> Result<[[Float]], any Error> {
        done.wait()
        return failure.map { .failure($0) } ?? .success(windows)
    }

    func handle(_ event: SourceEvent) {
        guard !isOver else { return }
        switch event {
        case .frame(let frame):
            let decision = selector.offer(
                frame.presentationTime, capsGeneration: frame.capsGeneration, epoch: epoch)
            take(times: decision.taken)
            if decision.restart != nil { window.removeAll() }
            held = frame
        case .newEpoch:
            epoch += 1
        case .ended(let error):
            take(times: selector.finish().taken)
            failure = failure ?? error
            finish()
        case .state: break
        }
    }

    private func take(times: Int) {
        guard times > 0, let held, !isOver else { return }
        var patches = [Float](repeating: 0, count: geometry.patches * geometry.patchValues)
        do {
            try held.withPixels { preprocessor.writePatches($0, view: ViewGeometry(), to: &patches) }
        } catch {
            failure = error
            return finish()
        }
        for _ in 0..<times where windows.count < most {
            window += patches
            guard window.count == geometry.frames * patches.count else { continue }
            windows.append(window)
            window.removeAll()
        }
        if windows.count >= most { finish() }
    }

    private func finish() {
        guard !isOver else { return }
        isOver = true
        held = nil
        done.signal()
    }
}
