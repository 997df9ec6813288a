package import Recognizer

/// Turns clips into video features, one feature per view.
///
/// Its session's pool has one worker, and each batch the model computes holds frames or windows of one clip and view in space alone, and its size follows
/// from the clip: in float32 a row's last digits depend on how many rows are multiplied at once, and a clip's numbers must
/// not depend on its neighbours. Frames that views share are computed once.
package final class ClipEncoder {
    private let session: RecognizerSession
    private let patchValues: Int
    private let views: ViewProtocol
    /// Patches of the frames of a batch, one after the other.
    private var batch: [Float]

    /// Rows (tokens) of a batch: enough for full speed of the products.
    private static let rows = 2048

    /// What a session must hold for a protocol.
    package static func capacity(_ views: ViewProtocol, geometry: ModelGeometry) -> VisionCapacity {
        let slots = views.clips * geometry.frames
        return VisionCapacity(
            frames: min(max(rows / geometry.tokens, 4), slots),
            windows: min(max(rows / 4 / (geometry.frames * geometry.tokens), 1), views.clips), slots: slots)
    }

    /// - Parameter session: with at least `capacity(_:geometry:)`.
    package init(session: RecognizerSession, views: ViewProtocol) {
        self.session = session
        self.views = views
        patchValues = session.geometry.patches * session.geometry.patchValues
        batch = [Float](repeating: 0, count: session.capacity.frames * patchValues)
    }

    /// Features of a clip's views, (views, E).
    package func features(of clip: DecodedClip) -> [Float] {
        let (frames, width) = (session.geometry.frames, session.geometry.embeddingWidth)
        var out = [Float](repeating: 0, count: clip.views.count * width)
        for crop in 0..<views.crops {
            let members = stride(from: crop, to: clip.views.count, by: views.crops).map { $0 }
            let slots = encodeFrames(of: members, in: clip)
            var feature = [Float](repeating: 0, count: session.capacity.windows * width)
            for first in stride(from: 0, to: members.count, by: session.capacity.windows) {
                let some = members[first..<min(first + session.capacity.windows, members.count)]
                session.encodeWindows(
                    Array(slots[first * frames..<(first + some.count) * frames]), count: some.count,
                    videoFeatures: &feature)
                for (place, view) in some.enumerated() {
                    for i in 0..<width { out[view * width + i] = feature[place * width + i] }
                }
            }
        }
        return out
    }

    /// Computes the distinct frames of some views and returns the slot of each frame, (members, T).
    private func encodeFrames(of members: [Int], in clip: DecodedClip) -> [Int] {
        let frames = session.geometry.frames
        var slotOfFrame: [Int: Int] = [:]
        var slots: [Int] = []
        var waiting: [Int] = []
        func flush() {
            guard let first = waiting.first else { return }
            session.encodeFrames(batch, count: waiting.count, slots: Array(first..<first + waiting.count))
            waiting.removeAll(keepingCapacity: true)
        }
        for view in members {
            for (place, frame) in clip.views[view].indices.enumerated() {
                if let slot = slotOfFrame[frame] {
                    slots.append(slot)
                    continue
                }
                let slot = slotOfFrame.count
                slotOfFrame[frame] = slot
                slots.append(slot)
                let from = (view * frames + place) * patchValues
                batch.withUnsafeMutableBufferPointer { batch in
                    clip.patches.withUnsafeBufferPointer { patches in
                        guard let to = batch.baseAddress, let patches = patches.baseAddress else { return }
                        (to + waiting.count * patchValues).update(from: patches + from, count: patchValues)
                    }
                }
                waiting.append(slot)
                if waiting.count == session.capacity.frames { flush() }
            }
        }
        flush()
        return slots
    }
}
