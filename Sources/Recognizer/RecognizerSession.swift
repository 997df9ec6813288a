import CKernels

/// A loaded model with the memory it needs: frames go in one by one, windows of them are scored.
///
/// The streaming path and the one-shot path are the same: a frame's spatial features are computed once and kept in a slot,
/// and a window is a list of slots. Used from one thread at a time; allocates nothing after `init` except where said.
package final class RecognizerSession {
    package let geometry: ModelGeometry
    package let capacity: VisionCapacity
    /// `exp(logit_scale)`
    package let scale: Float
    private let vision: any VisionTower
    /// (windows, T, E)
    private let frameFeatures: FloatBuffer
    /// (C), grown to the largest vocabulary seen.
    private var logits: FloatBuffer

    /// - Throws: `RecognizerError` when a tensor is missing or has another shape than the geometry says, or `exp(logit_scale)`
    ///   is not finite.
    package init(weights: ModelWeights, geometry: ModelGeometry, backend: any Backend, capacity: VisionCapacity) throws
    {
        self.geometry = geometry
        self.capacity = capacity
        vision = try backend.makeVisionTower(weights, geometry, capacity: capacity)
        scale = try Self.scale(weights)
        frameFeatures = FloatBuffer(count: capacity.windows * geometry.frames * geometry.embeddingWidth)
        logits = FloatBuffer(count: 1)
    }

    /// `exp(logit_scale)` of a model's weights.
    package static func scale(_ weights: ModelWeights) throws(RecognizerError) -> Float {
        let logarithm = try weights.parameter("logit_scale")
        let scale = withExtendedLifetime(logarithm) { ckernels_exp(logarithm.pointer.pointee) }
        guard scale.isFinite else { throw .nonFinite(tensor: "logit_scale") }
        return scale
    }

    /// Computes and keeps the spatial features of frames.
    ///
    /// - Parameters:
    ///   - patches: (count, N, 3*P*P), normalised; `count` at most `capacity.frames`.
    ///   - slots: (count), distinct, each below `capacity.slots`.
    package func encodeFrames(_ patches: UnsafePointer<Float>, count: Int, slots: UnsafePointer<Int>) {
        vision.encodeFrames(patches, count: count, slots: slots)
    }

    /// Scores of windows before the comparison with texts: the mean of the frames' unit class embeddings.
    ///
    /// - Parameters:
    ///   - slots: (count, T), oldest frame first; `count` at most `capacity.windows`.
    ///   - videoFeatures: (count, E)
    package func encodeWindows(_ slots: UnsafePointer<Int>, count: Int, videoFeatures: UnsafeMutablePointer<Float>) {
        vision.encodeWindows(slots, count: count, features: frameFeatures.pointer)
        let (frames, width) = (geometry.frames, geometry.embeddingWidth)
        for window in 0..<count {
            let out = videoFeatures + window * width
            out.update(repeating: 0, count: width)
            for frame in 0..<frames {
                let row = frameFeatures.pointer + (window * frames + frame) * width
                let factor = 1 / (ckernels_length(row, width) * Float(frames))
                for i in 0..<width { out[i] += row[i] * factor }
            }
        }
    }

    /// Compares one window with a vocabulary: softmax over classes for each prompt, then the mean over prompts.
    ///
    /// - Parameters:
    ///   - videoFeature: (E)
    ///   - scores: (C), summing to one.
    package func score(_ videoFeature: UnsafePointer<Float>, _ vocabulary: Vocabulary, scores: inout [Float]) {
        let classes = vocabulary.labels.count
        if logits.count < classes { logits = FloatBuffer(count: classes) }
        if scores.count != classes { scores = [Float](repeating: 0, count: classes) }
        for index in scores.indices { scores[index] = 0 }
        for prompt in 0..<vocabulary.prompts {
            vocabulary.addScores(
                &scores, prompt: prompt, feature: videoFeature, scale: scale, logits: logits.pointer)
        }
    }

    /// Logits of one window, (A, C). Allocates.
    package func logits(_ videoFeature: UnsafePointer<Float>, _ vocabulary: Vocabulary) -> [Float] {
        let rows = vocabulary.prompts * vocabulary.labels.count
        var out = [Float](repeating: 0, count: rows)
        vocabulary.features.values.withUnsafeBufferPointer { features in
            guard let features = features.baseAddress else { return }
            ckernels_matrix_vector(&out, features, videoFeature, rows, geometry.embeddingWidth)
        }
        return out.map { $0 * scale }
    }

    /// The class embeddings (T, E) of window `window` of the latest `encodeWindows`, not normalised. Allocates.
    package func readFrameFeatures(window: Int) -> [Float] {
        let count = geometry.frames * geometry.embeddingWidth
        return Array(UnsafeBufferPointer(start: frameFeatures.pointer + window * count, count: count))
    }

    /// The spatial features (L, D) kept in a slot. Allocates.
    package func readSpatialFeatures(slot: Int) -> [Float] {
        let count = geometry.tokens * geometry.visionWidth
        return [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
            if let base = buffer.baseAddress { vision.readFeatures(slot: slot, into: base) }
            initialized = count
        }
    }
}
