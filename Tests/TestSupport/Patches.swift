package import Recognizer

/// Cuts normalised pictures into the patch matrix that a vision tower takes.
package enum Patches {
    /// - Parameter pictures: (..., 3, S, S)
    /// - Returns: (frames, N, 3*P*P)
    package static func of(_ pictures: Tensor, geometry: ModelGeometry) -> [Float] {
        let (size, patch) = (geometry.imageSize, geometry.patchSize)
        let across = size / patch
        var out: [Float] = []
        out.reserveCapacity(pictures.values.count)
        for frame in 0..<pictures.values.count / (3 * size * size) {
            for y in 0..<across {
                for x in 0..<across {
                    for channel in 0..<3 {
                        for row in 0..<patch {
                            let start = ((frame * 3 + channel) * size + y * patch + row) * size + x * patch
                            out += pictures.values[start..<start + patch]
                        }
                    }
                }
            }
        }
        return out
    }
}
