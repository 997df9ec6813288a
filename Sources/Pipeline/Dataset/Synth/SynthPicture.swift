/// A square picture that is being drawn: red, green and blue, about 0...255, without an end to either side.
struct SynthPicture: Sendable, Equatable {
    /// Pixels in a row and in a column.
    static let side = 112

    /// (side, side, 3)
    private(set) var values = [Float](repeating: 0, count: side * side * 3)

    /// A line with round ends; one of no length is a disc. In pixels, from the middle of the first one.
    struct Stroke: Sendable, Equatable {
        var from: SIMD2<Double>
        var to: SIMD2<Double>
        /// Half its width.
        var radius: Double
        var colour: SIMD3<Float>
    }

    init() {}

    /// - Parameter colour: of a pixel, by column and row.
    init(_ colour: (_ column: Int, _ row: Int) -> SIMD3<Float>) {
        for row in 0..<Self.side {
            for column in 0..<Self.side { set(column, row, colour(column, row)) }
        }
    }

    private mutating func set(_ column: Int, _ row: Int, _ colour: SIMD3<Float>) {
        let at = (row * Self.side + column) * 3
        values[at] = colour[0]
        values[at + 1] = colour[1]
        values[at + 2] = colour[2]
    }

    /// Fills a rectangle as far as it lies in the picture.
    mutating func fill(columns: ClosedRange<Int>, rows: ClosedRange<Int>, _ colour: SIMD3<Float>) {
        let limits = 0...Self.side - 1
        guard columns.overlaps(limits), rows.overlaps(limits) else { return }
        for row in rows.clamped(to: limits) {
            for column in columns.clamped(to: limits) { set(column, row, colour) }
        }
    }

    /// Fills the pixels whose middles lie in the line; its edge is hard.
    mutating func fill(_ stroke: Stroke) {
        let radius = stroke.radius
        let (dx, dy) = (stroke.to.x - stroke.from.x, stroke.to.y - stroke.from.y)
        let lengthSquared = dx * dx + dy * dy
        func covered(_ low: Double, _ high: Double) -> Range<Int> {
            let first = max((low - radius).rounded(.up), 0)
            let end = min((high + radius).rounded(.down) + 1, Double(Self.side))
            return first < end ? Int(first)..<Int(end) : 0..<0
        }
        let columns = covered(min(stroke.from.x, stroke.to.x), max(stroke.from.x, stroke.to.x))
        for row in covered(min(stroke.from.y, stroke.to.y), max(stroke.from.y, stroke.to.y)) {
            let y = Double(row) - stroke.from.y
            for column in columns {
                let x = Double(column) - stroke.from.x
                let along = lengthSquared > 0 ? min(max((x * dx + y * dy) / lengthSquared, 0), 1) : 0
                let (offX, offY) = (x - along * dx, y - along * dy)
                if offX * offX + offY * offY <= radius * radius { set(column, row, stroke.colour) }
            }
        }
    }
}
