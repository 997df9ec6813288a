/// Cuts normalised pictures into the rows that a vision tower takes.
package enum PatchMatrix {
    /// - Parameter pictures: (..., 3, S, S), whole pictures one after the other.
    /// - Returns: (pictures, N, 3*P*P), patches row by row over the picture, values in `conv1.weight`'s order.
    package static func of(_ pictures: ArraySlice<Float>, geometry: ModelGeometry) -> [Float] {
        let (size, patch) = (geometry.imageSize, geometry.patchSize)
        let across = size / patch
        var out: [Float] = []
        out.reserveCapacity(pictures.count)
        for picture in 0..<pictures.count / (3 * size * size) {
            for y in 0..<across {
                for x in 0..<across {
                    for channel in 0..<3 {
                        for row in 0..<patch {
                            let line = (picture * 3 + channel) * size + y * patch + row
                            let start = pictures.startIndex + line * size + x * patch
                            out += pictures[start..<start + patch]
                        }
                    }
                }
            }
        }
        return out
    }
}
