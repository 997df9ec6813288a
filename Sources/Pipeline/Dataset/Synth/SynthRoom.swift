import Recognizer

extension SynthPicture {
    /// A bright room without anybody: a shade from top to bottom, up to five rectangles, and blotches.
    static func room(drawnFrom random: inout CounterRandom) -> SynthPicture {
        let (top, bottom) = (random.colour(150..<235), random.colour(150..<235))
        var room = SynthPicture { _, row in
            let share = Float(row) / Float(side - 1)
            return top * (1 - share) + bottom * share
        }
        for _ in 0..<random.below(6) {
            let (left, upper) = (random.below(side), random.below(side))
            let (width, height) = (6 + random.below(44), 6 + random.below(44))
            room.fill(columns: left...left + width, rows: upper...upper + height, random.colour(130..<240))
        }
        return room.adding(Blotches(drawnFrom: &random))
    }

    private func adding(_ blotches: Blotches) -> SynthPicture {
        SynthPicture { column, row in
            let at = (row * Self.side + column) * 3
            return SIMD3(values[at], values[at + 1], values[at + 2]) + blotches.value(column, row)
        }
    }
}

/// Coarse normal noise, with smooth passages between its cells.
private struct Blotches {
    private static let cells = 14
    private static let deviation = 8.0

    /// (cells, cells)
    private let grid: [SIMD3<Float>]

    init(drawnFrom random: inout CounterRandom) {
        grid = (0..<Self.cells * Self.cells).map { _ in
            Float(Self.deviation) * SIMD3(Float(random.normal()), Float(random.normal()), Float(random.normal()))
        }
    }

    func value(_ column: Int, _ row: Int) -> SIMD3<Float> {
        let (x, y) = (Self.place(column), Self.place(row))
        func between(_ first: SIMD3<Float>, _ second: SIMD3<Float>, _ share: Float) -> SIMD3<Float> {
            first + (second - first) * share
        }
        func along(_ row: Int) -> SIMD3<Float> {
            between(grid[row * Self.cells + x.first], grid[row * Self.cells + x.second], x.share)
        }
        return between(along(y.first), along(y.second), y.share)
    }

    /// The two cells whose middles a pixel lies between, and the share of the second.
    private static func place(_ pixel: Int) -> (first: Int, second: Int, share: Float) {
        let at = (Float(pixel) + 0.5) * Float(cells) / Float(SynthPicture.side) - 0.5
        let first = at.rounded(.down)
        let limits = 0...cells - 1
        return (
            min(max(Int(first), limits.lowerBound), limits.upperBound),
            min(max(Int(first) + 1, limits.lowerBound), limits.upperBound), at - first
        )
    }
}
