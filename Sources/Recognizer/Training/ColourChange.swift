/// One way of changing a picture's colours, on values 0...255, as torchvision's `ColorJitter` defines it.
package enum ColourChange: Sendable, Equatable {
    /// Every value times a factor.
    case brightness(Float)
    /// Away from, or towards, the mean grey of the picture.
    case contrast(Float)
    /// Away from, or towards, the grey of each pixel.
    case saturation(Float)
    /// A turn of the hue, in turns.
    case hue(Float)
    /// Each pixel's grey.
    case grey

    /// Changes all pixels of a picture: red, green, blue.
    func apply(_ colours: inout [SIMD3<Float>]) {
        switch self {
        case .brightness(let factor):
            for index in colours.indices { colours[index] = Self.clamped(colours[index] * factor) }
        case .contrast(let factor):
            let sum = colours.reduce(Double(0)) { $0 + Double(Self.luma($1)) }
            let mean = SIMD3(repeating: Float(sum / Double(max(colours.count, 1))).rounded())
            for index in colours.indices { colours[index] = Self.blend(mean, colours[index], factor) }
        case .saturation(let factor):
            for index in colours.indices {
                colours[index] = Self.blend(SIMD3(repeating: Self.luma(colours[index])), colours[index], factor)
            }
        case .hue(let turn):
            for index in colours.indices { colours[index] = Self.turned(colours[index], by: turn) }
        case .grey:
            for index in colours.indices { colours[index] = SIMD3(repeating: Self.luma(colours[index])) }
        }
    }

    private static func luma(_ colour: SIMD3<Float>) -> Float { (colour * SIMD3(0.299, 0.587, 0.114)).sum() }

    private static func clamped(_ colour: SIMD3<Float>) -> SIMD3<Float> {
        colour.clamped(lowerBound: SIMD3(repeating: 0), upperBound: SIMD3(repeating: 255))
    }

    private static func blend(_ base: SIMD3<Float>, _ colour: SIMD3<Float>, _ factor: Float) -> SIMD3<Float> {
        clamped(base + (colour - base) * factor)
    }

    /// Hue, saturation and value turned by a part of the circle.
    private static func turned(_ colour: SIMD3<Float>, by turn: Float) -> SIMD3<Float> {
        let (high, low) = (colour.max(), colour.min())
        let range = high - low
        guard range > 0 else { return colour }
        let sector: Float
        if colour.x == high {
            sector = (colour.y - colour.z) / range
        } else if colour.y == high {
            sector = 2 + (colour.z - colour.x) / range
        } else {
            sector = 4 + (colour.x - colour.y) / range
        }
        let hue = sector / 6 + turn
        // How far each of red, green and blue is from its own place on the circle.
        let circle = hue - hue.rounded(.down)
        func channel(_ place: Float) -> Float {
            var distance = abs(circle - place)
            distance = min(distance, 1 - distance)
            return low + range * min(max(2 - 6 * distance, 0), 1)
        }
        return SIMD3(channel(0), channel(1.0 / 3), channel(2.0 / 3))
    }
}
