/// OpenCV's 8-bit `INTER_LINEAR` along one axis of a picture: half-pixel centres, weights in 1/2048, the border repeated.
struct BilinearAxis {
    /// The two source positions of a sample, equal or next to each other, and their weights.
    struct Taps: Equatable {
        var positions: (Int, Int)
        var weights: (Int16, Int16)

        static func == (a: Taps, b: Taps) -> Bool { a.positions == b.positions && a.weights == b.weights }
    }

    enum Direction { case horizontal, vertical }

    /// Pixels that are scaled, of all that the upright picture has along this axis.
    let region: Range<Int>
    /// Pixels of the whole upright picture.
    let extent: Int
    /// What the region is scaled to.
    let scaled: Int
    /// The first of the scaled pixels that are needed.
    let first: Int
    let direction: Direction

    /// The taps of sample `index`, counted from `first`, as positions in the upright picture.
    func taps(_ index: Int) -> Taps {
        let scale = Double(region.count) / Double(scaled)
        let exact = Float((Double(first + index) + 0.5) * scale - 0.5)
        let last = region.count - 1
        var position = Int(exact.rounded(.down))
        var fraction = exact - Float(position)
        // OpenCV gives a border pixel full weight horizontally, and takes it twice vertically; the rounding differs.
        if direction == .horizontal, position < 0 || position >= last {
            (position, fraction) = (position < 0 ? 0 : last, 0)
        }
        func clamped(_ value: Int) -> Int { region.lowerBound + min(max(value, 0), last) }
        func weight(_ value: Float) -> Int16 { Int16((value * 2048).rounded(.toNearestOrEven)) }
        return Taps(
            positions: (clamped(position), clamped(position + 1)), weights: (weight(1 - fraction), weight(fraction)))
    }
}
