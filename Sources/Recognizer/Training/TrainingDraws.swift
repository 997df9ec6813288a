/// What a run draws at random besides augmentation, each from its seed and place alone.
package struct TrainingDraws: Sendable, Equatable {
    package let seed: UInt64

    package init(seed: UInt64) {
        self.seed = seed
    }

    /// The order of an epoch's clips.
    package func order(epoch: Int, clips: Int) -> [Int] {
        var random = CounterRandom(seed: seed, .order, epoch)
        return random.permutation(clips)
    }

    /// The prompts of a batch: `count` of `prompts`, with replacement, the same for all its clips.
    package func prompts(batch: Int, count: Int, of prompts: Int) -> [Int] {
        var random = CounterRandom(seed: seed, .prompts, batch)
        return (0..<count).map { _ in random.below(prompts) }
    }

    /// How a batch's clips are mixed.
    package func mixing(
        batch: Int, _ options: BatchMixing.Options, clips: Int, imageSize: Int
    ) -> BatchMixing {
        var random = CounterRandom(seed: seed, .mixing, batch)
        return BatchMixing.draw(options, clips: clips, imageSize: imageSize, &random)
    }

    /// A clip's frames: one of each of T segments of equal whole length; of a clip shorter than T, frames at equal distances.
    ///
    /// - Returns: (frames), not descending.
    package func frames(epoch: Int, clip: Int, of total: Int, frames: Int) -> [Int] {
        guard total > 0 else { return [] }
        var random = CounterRandom(seed: seed, .sampling, epoch, clip)
        let length = total / frames
        if length > 0 { return (0..<frames).map { $0 * length + random.below(length) } }
        return (0..<frames).map { place in
            let exact = Double(place) * Double(total) / Double(frames)
            return min(Int(exact.rounded(.toNearestOrEven)), total - 1)
        }
    }

    /// How a clip is cropped, mirrored and coloured.
    package func augmentation(
        epoch: Int, clip: Int, _ options: AugmentationOptions, frames: Int
    ) -> ClipAugmentation {
        var random = CounterRandom(seed: seed, .augmentation, epoch, clip)
        return ClipAugmentation.draw(options, frames: frames, &random)
    }
}
