import Foundation
import Pipeline
import Recognizer

/// Reads a file once more for the pixels of some of its windows, which scoring does not keep. Frames, windows and times
/// follow from the same decisions as the first time.
///
/// `@unchecked Sendable`: the source calls `handle` serially, and the state is read after `done`.
final class ExplainedFrames: @unchecked Sendable {
    private let perFrame: Int
    private let frames: Int
    private let preprocessor: FramePreprocessor
    private let wanted: [Classification.Window]
    private let done = DispatchSemaphore(value: 0)
    private var clock = StreamClock(isLive: false)
    private var selector: FrameSelector
    private var assembler: WindowAssembler<Int>
    private var held: (frame: any HeldFrame, time: StreamTime)?
    /// Patches of the latest frames taken, by their number.
    private var latest: [Int: [Float]] = [:]
    private var taken = 0
    private var window: [Int] = []
    private var found: [[Float]?]
    private var failure: PipelineError?

    private init(model: Model, period: Duration, hop: Int, windows: [Classification.Window]) {
        let geometry = model.geometry
        frames = geometry.frames
        perFrame = geometry.patches * geometry.patchValues
        preprocessor = FramePreprocessor(
            imageSize: geometry.imageSize, patchSize: geometry.patchSize, mean: model.config.mean,
            deviation: model.config.deviation)
        wanted = windows
        found = [[Float]?](repeating: nil, count: windows.count)
        selector = FrameSelector(period: period)
        assembler = WindowAssembler(length: geometry.frames, hop: hop)
    }

    /// (T, N, 3*P*P) of each window; nil for one that does not come again. Blocks its thread.
    static func patches(
        of file: String, model: Model, period: Duration, hop: Int, windows: [Classification.Window]
    ) throws -> [[Float]?] {
        let reading = ExplainedFrames(model: model, period: period, hop: hop, windows: windows)
        let source = try FrameSources.make(location: .file(path: file), name: file)
        source.start { reading.handle($0) }
        reading.done.wait()
        source.stop()
        if let failure = reading.failure { throw failure }
        return reading.found
    }

    private func handle(_ event: SourceEvent) {
        switch event {
        case .frame(let frame):
            let time = clock.time(of: frame.presentationTime, arrival: .now, wallClock: Date())
            let decision = selector.offer(time, capsGeneration: frame.capsGeneration, epoch: clock.epoch)
            take(instants: decision.taken)
            if decision.restart != nil { assembler.restart() }
            held = (frame, time)
        case .newEpoch:
            clock.beginEpoch()
        case .state:
            break
        case .ended(let error):
            take(instants: selector.finish().taken)
            held = nil
            failure = error
            done.signal()
        }
    }

    private func take(instants: Int) {
        guard instants > 0, let held else { return }
        var patches = [Float](repeating: 0, count: perFrame)
        do {
            try patches.withUnsafeMutableBufferPointer { buffer in
                guard let base = buffer.baseAddress else { return }
                try held.frame.withPixels { preprocessor.writePatches($0, view: ViewGeometry(), to: base) }
            }
        } catch {
            assembler.restart()
            return
        }
        taken += 1
        latest[taken] = patches
        latest[taken - frames - 1] = nil
        for _ in 0..<instants {
            guard let span = assembler.append(taken, at: held.time, window: &window) else { continue }
            for index in wanted.indices
            where wanted[index].start == span.start.seconds && wanted[index].end == span.end.seconds {
                found[index] = window.flatMap { latest[$0] ?? [] }
            }
        }
    }
}
