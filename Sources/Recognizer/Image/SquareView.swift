/// A view's geometry on a picture of a given size: what is scaled to what, and which square of it is needed.
struct SquareView {
    /// The axes of the upright picture.
    let horizontal, vertical: BilinearAxis
    let rotation: ViewGeometry.Rotation

    /// - Parameters:
    ///   - width, height: of the picture as decoded, before the turn.
    ///   - size: of the square, in pixels.
    init(width: Int, height: Int, view: ViewGeometry, size: Int) {
        rotation = view.rotation
        let isTurned = rotation == .clockwise90 || rotation == .clockwise270
        let upright = isTurned ? (width: height, height: width) : (width: width, height: height)
        let columns = Self.pixels(from: view.region.x, extent: view.region.width, of: upright.width)
        let rows = Self.pixels(from: view.region.y, extent: view.region.height, of: upright.height)

        if case .stretched(let partOfWidth, let partOfHeight, let x, let y) = view.crop {
            let side = Double(min(columns.count, rows.count))
            horizontal = BilinearAxis(
                region: Self.part(of: columns, extent: side * partOfWidth, at: x), extent: upright.width, scaled: size,
                first: 0, direction: .horizontal)
            vertical = BilinearAxis(
                region: Self.part(of: rows, extent: side * partOfHeight, at: y), extent: upright.height, scaled: size,
                first: 0, direction: .vertical)
            return
        }
        let short = Self.hasMargin(view.crop) ? Int(256.0 / 224.0 * Double(size)) : size
        let factor = Double(short) / Double(min(columns.count, rows.count))
        let scaledWidth = Int(Double(columns.count) * factor + 0.5)
        let scaledHeight = Int(Double(rows.count) * factor + 0.5)
        horizontal = BilinearAxis(
            region: columns, extent: upright.width, scaled: scaledWidth,
            first: Self.corner(view.crop, spare: scaledWidth - size, isAcross: true), direction: .horizontal)
        vertical = BilinearAxis(
            region: rows, extent: upright.height, scaled: scaledHeight,
            first: Self.corner(view.crop, spare: scaledHeight - size, isAcross: false), direction: .vertical)
    }

    /// Whether a row of the decoded picture is a column of the upright one.
    var isTransposed: Bool { rotation == .clockwise90 || rotation == .clockwise270 }

    /// Taps of the decoded picture's columns for the sample `index` of a line.
    func columnTaps(_ index: Int) -> BilinearAxis.Taps {
        let axis = isTransposed ? vertical : horizontal
        return Self.turned(axis.taps(index), axis, backwards: rotation == .half || rotation == .clockwise270)
    }

    /// Taps of the decoded picture's rows for line `index`.
    func rowTaps(_ index: Int) -> BilinearAxis.Taps {
        let axis = isTransposed ? horizontal : vertical
        return Self.turned(axis.taps(index), axis, backwards: rotation == .half || rotation == .clockwise90)
    }

    private static func turned(_ taps: BilinearAxis.Taps, _ axis: BilinearAxis, backwards: Bool) -> BilinearAxis.Taps {
        guard backwards else { return taps }
        let last = axis.extent - 1
        return BilinearAxis.Taps(
            positions: (last - taps.positions.0, last - taps.positions.1), weights: taps.weights)
    }

    /// The whole pixels nearest to a part of an axis, at least one.
    private static func pixels(from start: Double, extent: Double, of count: Int) -> Range<Int> {
        let first = min(max(Int((start * Double(count)).rounded()), 0), count - 1)
        let end = min(max(Int(((start + extent) * Double(count)).rounded()), first + 1), count)
        return first..<end
    }

    /// A part of some pixels, at least one.
    private static func part(of pixels: Range<Int>, extent: Double, at place: Double) -> Range<Int> {
        let count = min(max(Int(extent.rounded()), 1), pixels.count)
        let first = pixels.lowerBound + Int((Double(pixels.count - count) * min(max(place, 0), 1)).rounded())
        return first..<first + count
    }

    /// Whether the scaled picture is larger than the square on all sides.
    private static func hasMargin(_ crop: ViewGeometry.Crop) -> Bool {
        switch crop {
        case .centre, .shifted: true
        case .third, .stretched: false
        }
    }

    private static func corner(_ crop: ViewGeometry.Crop, spare: Int, isAcross: Bool) -> Int {
        switch crop {
        case .shifted(let x, let y): min(max(Int((isAcross ? x : y) * Double(spare + 1)), 0), spare)
        case .third(0): 0
        case .third(1): spare / 2 * 2
        case .centre, .third, .stretched: spare / 2
        }
    }
}
