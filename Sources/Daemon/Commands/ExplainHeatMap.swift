import Recognizer

/// Paints what a class token looks at over the picture that it sees.
struct ExplainHeatMap {
    private let size: Int
    private let patch: Int
    private let mean: [Float]
    private let deviation: [Float]
    /// Side of a painted picture, in pixels: the model's picture times or divided by a whole number, near 120.
    let side: Int

    init(model: Model) {
        size = model.geometry.imageSize
        patch = model.geometry.patchSize
        mean = model.config.mean
        deviation = model.config.deviation
        side = size < 120 ? size * (128 / size) : size / (size / 112)
    }

    /// The picture of one frame, (side, side, 3).
    ///
    /// - Parameter patches: (N, 3*P*P), normalised.
    func picture(_ patches: ArraySlice<Float>) -> [UInt8] {
        let across = size / patch
        var out = [UInt8](repeating: 0, count: side * side * 3)
        for y in 0..<side {
            let rows = sources(y)
            for x in 0..<side {
                let columns = sources(x)
                for channel in 0..<3 {
                    var sum: Float = 0
                    for row in rows {
                        for column in columns {
                            let cell = row / patch * across + column / patch
                            let within = (channel * patch + row % patch) * patch + column % patch
                            sum += patches[patches.startIndex + cell * 3 * patch * patch + within]
                        }
                    }
                    let value = sum / Float(rows.count * columns.count) * deviation[channel] + mean[channel]
                    out[(y * side + x) * 3 + channel] = UInt8(min(max(value, 0), 255).rounded())
                }
            }
        }
        return out
    }

    /// The model's pixels under one painted pixel, along an axis.
    private func sources(_ at: Int) -> Range<Int> {
        guard side < size else { return at * size / side..<at * size / side + 1 }
        return at * (size / side)..<(at + 1) * (size / side)
    }

    /// Maps painted over pictures, (side, side, 3) each: the least of all maps is dark, the most yellow.
    ///
    /// - Parameter maps: (N) each, one a picture.
    func painted(_ pictures: [[UInt8]], _ maps: [[Float]]) -> [[UInt8]] {
        let least = maps.joined().min() ?? 0
        let span = max((maps.joined().max() ?? 0) - least, .leastNormalMagnitude)
        return zip(pictures, maps).map { picture, map in paint(picture, map.map { ($0 - least) / span }) }
    }

    private func paint(_ picture: [UInt8], _ map: [Float]) -> [UInt8] {
        let across = size / patch
        var out = picture
        for y in 0..<side {
            for x in 0..<side {
                let value = Self.between(map, across, x: place(x, across), y: place(y, across))
                let (heat, weight) = (Self.colour(value), 0.15 + 0.65 * value)
                for channel in 0..<3 {
                    let at = (y * side + x) * 3 + channel
                    let mixed = Float(picture[at]) * 0.8 * (1 - weight) + heat[channel] * weight
                    out[at] = UInt8(min(max(mixed, 0), 255))
                }
            }
        }
        return out
    }

    /// A pixel's centre in units of patches from the first patch's centre.
    private func place(_ pixel: Int, _ across: Int) -> Float {
        (Float(pixel) + 0.5) / Float(side) * Float(across) - 0.5
    }

    private static func between(_ map: [Float], _ across: Int, x: Float, y: Float) -> Float {
        let last = Float(across - 1)
        let (x, y) = (min(max(x, 0), last), min(max(y, 0), last))
        let (left, top) = (Int(x), Int(y))
        let (right, bottom) = (min(left + 1, across - 1), min(top + 1, across - 1))
        let (alongX, alongY) = (x - Float(left), y - Float(top))
        let upper = map[top * across + left] * (1 - alongX) + map[top * across + right] * alongX
        let lower = map[bottom * across + left] * (1 - alongX) + map[bottom * across + right] * alongX
        return upper * (1 - alongY) + lower * alongY
    }

    /// From dark blue over purple and orange to yellow.
    private static func colour(_ value: Float) -> [Float] {
        let stops: [[Float]] = [[24, 16, 72], [112, 30, 128], [214, 70, 80], [250, 150, 40], [252, 240, 110]]
        let place = min(max(value, 0), 1) * Float(stops.count - 1)
        let first = min(Int(place), stops.count - 2)
        let part = place - Float(first)
        return (0..<3).map { stops[first][$0] * (1 - part) + stops[first + 1][$0] * part }
    }
}
