import Foundation
import Synchronization

/// Finds out whether a clip can be decoded, by decoding all of it.
package struct ClipProbe: Sendable {
    /// A decoder that gives no picture for so long hangs.
    package let timeLimit: Duration

    package init(timeLimit: Duration) { self.timeLimit = timeLimit }

    /// Frames of the clip, at least one, or what is wrong with it. Nil for a member of an archive that has bytes and is no
    /// playlist: whether it can be decoded is not known. Blocks its thread.
    package func frames(of location: ClipLocation) -> Result<Int, ClipFailure>? {
        do {
            try examine(location)
            guard case .file(let path) = location else { return nil }
            return .success(try decode(path))
        } catch {
            return .failure(error)
        }
    }

    /// What can be told without a decoder.
    private func examine(_ location: ClipLocation) throws(ClipFailure) {
        let head: [UInt8]
        do {
            let bytes = try ClipContent(location)
            guard bytes.byteCount > 0 else { throw ClipFailure(kind: .empty, reason: "has 0 bytes") }
            head = try bytes.head(1024)
        } catch let failure as ClipFailure {
            throw failure
        } catch {
            throw ClipFailure(kind: .missing, reason: "\(error)")
        }
        if let kind = VideoFile.playlistKind(head) {
            throw ClipFailure(kind: .refused, reason: "is \(kind), not a video; what it points at is not followed")
        }
    }

    private func decode(_ path: String) throws(ClipFailure) -> Int {
        var options = SourceOptions()
        options.limits.fileSilence = timeLimit
        let source: SupervisedSource
        do {
            source = try FrameSources.make(location: .file(path: path), name: path, options: options)
        } catch {
            throw ClipFailure(kind: .undecodable, reason: error.reason)
        }
        let outcome = Mutex<(frames: Int, error: PipelineError?)>((0, nil))
        let done = DispatchSemaphore(value: 0)
        source.start { event in
            switch event {
            case .frame: outcome.withLock { $0.frames += 1 }
            case .ended(let error):
                outcome.withLock { $0.error = error }
                done.signal()
            case .newEpoch, .state: break
            }
        }
        done.wait()
        source.stop()
        let (frames, error) = outcome.withLock { $0 }
        if let error { throw Self.failure(error.reason.replacingOccurrences(of: path + ": ", with: "")) }
        guard frames > 0 else { throw ClipFailure(kind: .empty, reason: "has no frame") }
        return frames
    }

    /// The source's errors carry their kind in words only.
    private static func failure(_ reason: String) -> ClipFailure {
        let kind: ClipFailure.Kind =
            if reason.contains("has no video stream") {
                .audioOnly
            } else if reason.contains("the decoder makes no progress") {
                .hanging
            } else if reason.contains("holds no picture") {
                .empty
            } else if reason.contains("is not followed") {
                .refused
            } else {
                .undecodable
            }
        return ClipFailure(kind: kind, reason: reason)
    }
}
