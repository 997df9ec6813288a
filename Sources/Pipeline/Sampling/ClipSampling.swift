/// Which frames of a clip the single-view test protocol scores: the middle of each of T equal segments.
package struct ClipSampling: Sendable, Equatable {
    /// T, the frames of the model's window.
    package let frames: Int

    /// - Precondition: `frames` is positive.
    package init(frames: Int) {
        precondition(frames > 0, "\(frames) frames of a clip")
        self.frames = frames
    }

    /// The frames' indices, T of them, not descending; a clip shorter than T repeats frames. None if `total` is not positive.
    ///
    /// Computed in double precision in the order of the reference, so that no middle falls on the other side of an integer.
    package func indices(of total: Int) -> [Int] {
        guard total > 0 else { return [] }
        let interval = Double(total) / Double(frames)
        return (0..<frames).map { Int(Double($0) * interval + interval / 2) % total }
    }
}
