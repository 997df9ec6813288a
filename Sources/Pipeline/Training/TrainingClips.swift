package import Recognizer

/// The clips of a training list and how they are read for an epoch: random frames, crop, mirror and colours, each from the
/// seed, the epoch and the clip alone.
package struct TrainingClips: Sendable {
    package let entries: [ClipEntry]
    private let store: any ClipStore
    private let config: ModelConfig
    private let draws: TrainingDraws
    private let augmentation: AugmentationOptions
    private let options: ClipLoaderOptions
    private let kept: KeptClips?

    /// - Parameters:
    ///   - options: how clips are read ahead.
    ///   - kept: keeps decoded pictures from epoch to epoch.
    package init(
        entries: [ClipEntry], store: any ClipStore, config: ModelConfig, draws: TrainingDraws,
        augmentation: AugmentationOptions, options: ClipLoaderOptions, kept: KeptClips?
    ) {
        self.entries = entries
        self.store = store
        self.config = config
        self.draws = draws
        self.augmentation = augmentation
        self.options = options
        self.kept = kept
    }

    /// Begins to read clips.
    ///
    /// - Parameters:
    ///   - epoch: whose draws are taken.
    ///   - clips: their numbers in the list, in the order in which they will be taken. Places of the loader count these.
    package func loader(epoch: Int, clips: [Int]) -> ClipLoader {
        let (draws, augmentation, config) = (draws, augmentation, config)
        let frames = config.geometry.frames
        @Sendable func change(_ index: Int) -> ClipAugmentation {
            draws.augmentation(epoch: epoch, clip: clips[index], augmentation, frames: frames)
        }
        return ClipLoader(
            store: store, entries: clips.map { entries[$0] }, geometry: config.geometry, mean: config.mean,
            deviation: config.deviation, options: options,
            memory: kept.map { ClipLoaderMemory($0, keepsWholeClips: true) },
            plan: { index, total in
                guard total > 0 else { return [] }
                let indices = draws.frames(epoch: epoch, clip: clips[index], of: total, frames: frames)
                return [ClipView(indices: indices, geometry: ViewGeometry(crop: change(index).crop))]
            },
            finish: { index, patches in
                change(index).apply(
                    to: patches, geometry: config.geometry, mean: config.mean, deviation: config.deviation)
            })
    }
}
