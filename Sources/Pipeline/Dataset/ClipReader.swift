import Foundation
package import Recognizer

/// Reads the frames of a whole file that the single-view test protocol asks for: the middle one of each of T segments.
///
/// The file is decoded twice, first to count its frames, as containers' own counts are not to be trusted.
package struct ClipReader {
    private let geometry: ModelGeometry
    private let preprocessor: FramePreprocessor

    /// - Parameters:
    ///   - mean: of the model's input, R, G, B in 0...255; likewise `deviation`.
    package init(geometry: ModelGeometry, mean: [Float], deviation: [Float]) {
        self.geometry = geometry
        preprocessor = FramePreprocessor(
            imageSize: geometry.imageSize, patchSize: geometry.patchSize, mean: mean, deviation: deviation)
    }

    /// The clip's patches, (T, N, 3*P*P); a file with fewer than T frames repeats some. Blocks its thread.
    ///
    /// - Throws: `PipelineError` for whatever keeps the file from being read to its end.
    package func patches(of path: String, view: ViewGeometry = ViewGeometry()) throws -> [Float] {
        var total = 0
        try read(path) { _, _ in total += 1 }
        guard total > 0 else { throw PipelineError.unreadable(source: path, reason: "has no frame") }
        let wanted = ClipSampling(frames: geometry.frames).indices(of: total)
        let perFrame = geometry.patches * geometry.patchValues
        var out = [Float](repeating: 0, count: geometry.frames * perFrame)
        try read(path) { index, frame in
            for place in wanted.indices where wanted[place] == index {
                try frame.withPixels { pixels in
                    out.withUnsafeMutableBufferPointer { buffer in
                        guard let base = buffer.baseAddress else { return }
                        preprocessor.writePatches(pixels, view: view, to: base + place * perFrame)
                    }
                }
            }
        }
        return out
    }

    /// Calls `body` with every frame, in order, on this thread's behalf.
    private func read(_ path: String, _ body: (Int, any HeldFrame) throws -> Void) throws {
        let source = try FrameSources.make(location: .file(path: path), name: path)
        let inbox = FrameInbox()
        source.start { inbox.put($0) }
        defer {
            inbox.close()
            source.stop()
        }
        var index = 0
        while true {
            switch inbox.take() {
            case .frame(let frame):
                try body(index, frame)
                index += 1
            case .ended(let error):
                if let error { throw error }
                return
            case .newEpoch, .state: break
            }
        }
    }
}

/// Hands a source's events to a thread that asks for them, one at a time.
///
/// `@unchecked Sendable`: `event` and `closed` are guarded by `condition`.
private final class FrameInbox: @unchecked Sendable {
    private let condition = NSCondition()
    private var event: SourceEvent?
    private var closed = false

    /// Waits until the event before has been taken.
    func put(_ next: SourceEvent) {
        condition.lock()
        defer { condition.unlock() }
        while event != nil, !closed { condition.wait() }
        guard !closed else { return }
        event = next
        condition.broadcast()
    }

    func take() -> SourceEvent {
        condition.lock()
        defer { condition.unlock() }
        while true {
            if let next = event {
                event = nil
                condition.broadcast()
                return next
            }
            condition.wait()
        }
    }

    func close() {
        condition.lock()
        defer { condition.unlock() }
        closed = true
        condition.broadcast()
    }
}
