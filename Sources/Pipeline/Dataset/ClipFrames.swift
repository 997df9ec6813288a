import Recognizer

/// Single frames of a clip as pictures, for people.
package enum ClipFrames {
    /// The middle squares of some frames, scaled to `side`.
    ///
    /// Blocks its thread. Throws `ClipFailure` if the clip cannot be read or has no frame of such a number.
    /// - Parameters:
    ///   - side: in pixels, positive.
    ///   - indices: numbers in the order of showing, of a clip with so many frames; in any order, with repeats. May be called
    ///     several times and must then answer the same.
    /// - Returns: RGB bytes, (side, side, 3) for each of `indices`.
    package static func thumbnails(
        location: ClipLocation, side: Int, indices: @escaping (_ total: Int) -> [Int]
    ) throws(ClipFailure) -> [[UInt8]] {
        let preprocessor = FramePreprocessor(
            imageSize: side, patchSize: side, mean: [0, 0, 0], deviation: [1, 1, 1])
        var pictures: [Int: [UInt8]] = [:]
        var latest = -1
        let total = try ClipDecoder().read(location, wanted: indices) { total, index, frame in
            if total != latest { (latest, pictures) = (total, [:]) }
            pictures[index] = [UInt8](unsafeUninitializedCapacity: side * side * 3) { buffer, filled in
                guard let base = buffer.baseAddress else { return }
                preprocessor.writeBytes(frame, view: ViewGeometry(crop: .third(2)), to: base)
                filled = side * side * 3
            }
        }
        var ordered: [[UInt8]] = []
        for index in indices(total) {
            guard let picture = pictures[index] else {
                throw ClipFailure(kind: .undecodable, reason: "has \(total) frames; frame \(index) was asked for")
            }
            ordered.append(picture)
        }
        return ordered
    }
}
