/// Mixup (Zhang et al. 2018) or cutmix (Yun et al. 2019) of the clips of a batch: each clip with the one that a permutation
/// names, all in the same way.
package struct BatchMixing: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        /// Every clip as it is.
        case none
        /// `share` of the clip itself and the rest of the other, pixel by pixel.
        case mixup(share: Double)
        /// A rectangle of the other's pixels, in all frames.
        case cutmix(columns: Range<Int>, rows: Range<Int>, share: Double)
    }

    package struct Options: Sendable, Equatable {
        /// Parameters of the Beta distribution that shares are drawn from; 0 is never.
        package var mixup: Double
        package var cutmix: Double
        /// How often cutmix is taken where both are possible.
        package var switchProbability: Double

        package init(mixup: Double = 0.8, cutmix: Double = 1, switchProbability: Double = 0.5) {
            self.mixup = mixup
            self.cutmix = cutmix
            self.switchProbability = switchProbability
        }

        package static let none = Options(mixup: 0, cutmix: 0)
    }

    package let kind: Kind
    /// (B), the other clip of each.
    package let others: [Int]

    package init(kind: Kind, others: [Int]) {
        self.kind = kind
        self.others = others
    }

    /// - Parameters:
    ///   - clips: B
    ///   - imageSize: in pixels.
    package static func draw(
        _ options: Options, clips: Int, imageSize: Int, _ random: inout CounterRandom
    ) -> BatchMixing {
        guard options.mixup > 0 || options.cutmix > 0 else { return BatchMixing(kind: .none, others: []) }
        let cuts =
            options.mixup > 0 && options.cutmix > 0
            ? random.happens(options.switchProbability) : options.cutmix > 0
        let share = random.beta(cuts ? options.cutmix : options.mixup)
        let others = random.permutation(clips)
        guard cuts else { return BatchMixing(kind: .mixup(share: share), others: others) }
        let side = Int(Double(imageSize) * (1 - share).squareRoot())
        func extent() -> Range<Int> {
            let centre = random.below(imageSize)
            return max(centre - side / 2, 0)..<min(centre + side / 2, imageSize)
        }
        let (columns, rows) = (extent(), extent())
        // The share follows the rectangle as cut off by the picture's edge.
        let cut = Double(columns.count * rows.count) / Double(imageSize * imageSize)
        return BatchMixing(kind: .cutmix(columns: columns, rows: rows, share: 1 - cut), others: others)
    }

    /// - Parameters:
    ///   - out: (B, T, N, 3*P*P), elsewhere than `patches`.
    ///   - patches: (B, T, N, 3*P*P)
    package func mix(
        _ out: UnsafeMutablePointer<Float>, patches: UnsafePointer<Float>, clips: Int, geometry: ModelGeometry
    ) {
        let image = PatchImage(geometry)
        let size = geometry.frames * image.count
        for clip in 0..<clips {
            let (to, own) = (out + clip * size, patches + clip * size)
            switch kind {
            case .none: to.update(from: own, count: size)
            case .mixup(let share):
                let other = patches + others[clip] * size
                let (first, second) = (Float(share), Float(1 - share))
                for index in 0..<size { to[index] = first * own[index] + second * other[index] }
            case .cutmix(let columns, let rows, _):
                to.update(from: own, count: size)
                let other = patches + others[clip] * size
                for frame in 0..<geometry.frames {
                    image.copy(columns, rows, from: other + frame * image.count, to: to + frame * image.count)
                }
            }
        }
    }

    /// The targets (B, C) of the mixed clips.
    package func mix(targets: [Float], classes: Int) -> [Float] {
        let share: Float
        switch kind {
        case .none: return targets
        case .mixup(let part): share = Float(part)
        case .cutmix(_, _, let part): share = Float(part)
        }
        return targets.indices.map { index in
            let (clip, label) = (index / classes, index % classes)
            return share * targets[index] + (1 - share) * targets[others[clip] * classes + label]
        }
    }
}
