import Foundation
import Pipeline
import Recognizer
import Synchronization

/// What it costs to decode a file: processor time, whatever thread it is spent on.
struct DecodingCost {
    /// Processor time of one frame.
    let milliseconds: Double
    let framesPerSecond: Double
    let shape: (width: Int, height: Int)

    private struct Seen: Sendable {
        var frames = 0
        var last = 0.0
        var width = 0
        var height = 0
        var failure: (any Error)?
    }

    /// Decodes the whole file once. Blocks its thread.
    ///
    /// - Throws: `PipelineError` if it cannot be read, `CommandFailure` if it has too few frames to tell their rate.
    static func measure(_ file: String) throws -> DecodingCost {
        let source = try FrameSources.make(location: .file(path: file), name: file)
        let seen = Mutex(Seen())
        let done = DispatchSemaphore(value: 0)
        let before = processorSeconds
        source.start { event in
            switch event {
            case .frame(let frame):
                seen.withLock { seen in
                    seen.frames += 1
                    seen.last = frame.presentationTime.seconds
                    guard seen.width == 0 else { return }
                    do {
                        try frame.withPixels { (seen.width, seen.height) = ($0.width, $0.height) }
                    } catch {
                        seen.failure = error
                    }
                }
            case .ended(let error):
                if let error { seen.withLock { $0.failure = error } }
                done.signal()
            case .newEpoch, .state: break
            }
        }
        done.wait()
        source.stop()
        let spent = processorSeconds - before
        let result = seen.withLock { $0 }
        if let failure = result.failure { throw failure }
        guard result.frames > 1, result.last > 0 else {
            throw CommandFailure(.dataError, "\(file): has \(result.frames) frames, too few to measure decoding")
        }
        return DecodingCost(
            milliseconds: spent * 1000 / Double(result.frames),
            framesPerSecond: Double(result.frames - 1) / result.last,
            shape: (result.width, result.height))
    }

    /// Processor time of this process so far, all threads.
    private static var processorSeconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
