/// Where the pixels of a picture lie in its patch matrix, (N, 3*P*P).
struct PatchImage {
    /// Pixels of the picture's side, and of a patch's.
    let size, patch: Int

    init(_ geometry: ModelGeometry) {
        size = geometry.imageSize
        patch = geometry.patchSize
    }

    /// Values of a picture.
    var count: Int { 3 * size * size }

    /// Where red of a pixel lies; green and blue follow `patch * patch` values each behind it.
    func place(x: Int, y: Int) -> Int {
        let across = size / patch
        return (y / patch * across + x / patch) * 3 * patch * patch + y % patch * patch + x % patch
    }

    /// Mirrors a picture left to right, in place.
    func mirror(_ picture: UnsafeMutablePointer<Float>) {
        for y in 0..<size {
            for x in 0..<size / 2 {
                let (left, right) = (place(x: x, y: y), place(x: size - 1 - x, y: y))
                for channel in 0..<3 {
                    let offset = channel * patch * patch
                    (picture[left + offset], picture[right + offset]) = (
                        picture[right + offset], picture[left + offset]
                    )
                }
            }
        }
    }

    /// Copies a rectangle of another picture.
    func copy(
        _ columns: Range<Int>, _ rows: Range<Int>, from other: UnsafePointer<Float>,
        to picture: UnsafeMutablePointer<Float>
    ) {
        for y in rows {
            for x in columns {
                let at = place(x: x, y: y)
                for channel in 0..<3 { picture[at + channel * patch * patch] = other[at + channel * patch * patch] }
            }
        }
    }
}
