/// What may be done to a training clip.
package struct AugmentationOptions: Sendable, Equatable {
    /// Which part of the picture is taken.
    package enum Crop: String, Sendable, CaseIterable {
        /// One of `scales` in width and in height, in a corner or the middle.
        case multiScale = "multi-scale"
        /// The test protocol's square, anywhere.
        case shifted
        /// The test protocol's square in the middle.
        case centre
    }

    package var crop = Crop.multiScale
    /// Sides of multi-scale crops, as parts of the picture's short side, falling; at least one.
    package var scales: [Double] = [1, 0.875, 0.75, 0.66]
    /// How often a clip is mirrored; 0 where labels have a direction.
    package var flip: Double = 0.5
    /// How often a clip's colours are changed, anew for every frame.
    package var jitter: Double = 0.8
    package var brightness: Double = 0.4
    package var contrast: Double = 0.4
    package var saturation: Double = 0.2
    /// In turns.
    package var hue: Double = 0.1
    /// How often a clip loses its colours.
    package var grey: Double = 0.2

    package init() {}

    /// The clip as the test protocol takes it.
    package static var none: AugmentationOptions {
        var options = AugmentationOptions()
        (options.crop, options.flip, options.jitter, options.grey) = (.centre, 0, 0, 0)
        return options
    }
}

/// What is done to one training clip: a value, drawn once and applied to frames as they are decoded.
package struct ClipAugmentation: Sendable, Equatable {
    /// What of each frame is scaled to the input.
    package let crop: ViewGeometry.Crop
    package let isMirrored: Bool
    /// (frames), in order of application; none where colours stay.
    package let colours: [[ColourChange]]

    /// Crops more than this many scales apart in width and height would distort too much.
    private static let scaleGap = 1
    /// Left, middle and right part of what a crop leaves over, in the order of width and height: corners and centre.
    private static let positions: [(Double, Double)] = [(0, 0), (1, 0), (0, 1), (1, 1), (0.5, 0.5)]

    package static func draw(
        _ options: AugmentationOptions, frames: Int, _ random: inout CounterRandom
    ) -> ClipAugmentation {
        let crop: ViewGeometry.Crop
        switch options.crop {
        case .multiScale:
            let pairs = options.scales.indices.flatMap { width in
                options.scales.indices.filter { abs($0 - width) <= scaleGap }.map { (width, $0) }
            }
            let (width, height) = pairs[random.below(pairs.count)]
            let (x, y) = positions[random.below(positions.count)]
            crop = .stretched(width: options.scales[width], height: options.scales[height], x: x, y: y)
        case .shifted: crop = .shifted(x: random.unit(), y: random.unit())
        case .centre: crop = .centre
        }
        let isMirrored = random.happens(options.flip)
        let changes = random.happens(options.jitter)
        let isGrey = random.happens(options.grey)
        let colours = (0..<frames).map { _ in
            (changes ? drawColours(options, &random) : []) + (isGrey ? [.grey] : [])
        }
        return ClipAugmentation(crop: crop, isMirrored: isMirrored, colours: colours)
    }

    /// Four changes in random order.
    private static func drawColours(
        _ options: AugmentationOptions, _ random: inout CounterRandom
    ) -> [ColourChange] {
        func factor(_ spread: Double) -> Float {
            let lowest = max(1 - spread, 0)
            return Float(lowest + (1 + spread - lowest) * random.unit())
        }
        let changes: [ColourChange] = [
            .brightness(factor(options.brightness)), .contrast(factor(options.contrast)),
            .saturation(factor(options.saturation)), .hue(Float(options.hue * (2 * random.unit() - 1))),
        ]
        return random.permutation(changes.count).map { changes[$0] }
    }

    /// Mirrors and colours a clip that was cropped by `crop`, in place.
    ///
    /// - Parameters:
    ///   - patches: (T, N, 3*P*P), normalised by `mean` and `deviation`, which are in levels of 0...255.
    package func apply(
        to patches: UnsafeMutablePointer<Float>, geometry: ModelGeometry, mean: [Float], deviation: [Float]
    ) {
        let image = PatchImage(geometry)
        let (centre, spread) = (SIMD3(mean[0], mean[1], mean[2]), SIMD3(deviation[0], deviation[1], deviation[2]))
        let area = image.patch * image.patch
        for (frame, changes) in colours.enumerated() {
            let picture = patches + frame * image.count
            if isMirrored { image.mirror(picture) }
            guard !changes.isEmpty else { continue }
            var pixels = [SIMD3<Float>](repeating: SIMD3(), count: image.size * image.size)
            for index in pixels.indices {
                let at = index / area * 3 * area + index % area
                pixels[index] =
                    SIMD3(picture[at], picture[at + area], picture[at + 2 * area]) * spread + centre
            }
            for change in changes { change.apply(&pixels) }
            for index in pixels.indices {
                let at = index / area * 3 * area + index % area
                let value = (pixels[index] - centre) / spread
                (picture[at], picture[at + area], picture[at + 2 * area]) = (value.x, value.y, value.z)
            }
        }
    }
}
