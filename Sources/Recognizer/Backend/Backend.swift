/// A device that runs the model: its memory, its arithmetic.
///
/// The seam is a whole tower, not a matrix product: patches or token ids go in, pooled features come out, and whatever lies
/// between (packed weights, frame features kept for a stream) stays in memory that the backend owns and nobody else sees.
package protocol Backend: Sendable {
    /// For people: library, version, precision.
    var description: String { get }
    func makeVisionTower(
        _ weights: ModelWeights, _ geometry: ModelGeometry, capacity: VisionCapacity
    ) throws -> any VisionTower
    func makeTextTower(_ weights: ModelWeights, _ geometry: ModelGeometry) throws -> any TextTower
    /// The precision of texts; nil for float32, in which features are the same for all backends.
    var textPrecision: Precision? { get }
}

extension Backend {
    package var textPrecision: Precision? { nil }
}

/// How much a vision tower must hold at once; its memory follows from this and never grows.
package struct VisionCapacity: Sendable, Equatable {
    /// Most frames in one spatial batch.
    package var frames: Int
    /// Most windows in one temporal batch.
    package var windows: Int
    /// Frames whose features are kept.
    package var slots: Int

    package init(frames: Int, windows: Int, slots: Int) {
        self.frames = frames
        self.windows = windows
        self.slots = slots
    }
}

/// The image side. Used from one thread at a time.
package protocol VisionTower: AnyObject {
    /// Runs the spatial blocks on frames and keeps each one's features in a slot.
    ///
    /// - Parameters:
    ///   - patches: (count, N, 3*P*P), normalised, in the order of `conv1.weight`.
    ///   - slots: (count), where the features go; distinct.
    func encodeFrames(_ patches: UnsafePointer<Float>, count: Int, slots: UnsafePointer<Int>)
    /// Runs the temporal blocks and the head on windows of kept features.
    ///
    /// - Parameters:
    ///   - slots: (count, T), oldest frame first.
    ///   - features: (count, T, E), the class embedding of each frame, not normalised.
    func encodeWindows(_ slots: UnsafePointer<Int>, count: Int, features: UnsafeMutablePointer<Float>)
    /// Copies the spatial features (L, D) of a slot.
    func readFeatures(slot: Int, into out: UnsafeMutablePointer<Float>)
}

/// The text side. Used from one thread at a time.
package protocol TextTower: AnyObject {
    /// Features of texts, not normalised.
    ///
    /// - Parameters:
    ///   - texts: token ids with start and end; each is read up to its first highest id, the end token. All the same
    ///     length is not needed.
    ///   - features: (texts.count, E)
    func encode(_ texts: ArraySlice<[Int32]>, features: UnsafeMutablePointer<Float>)
}
