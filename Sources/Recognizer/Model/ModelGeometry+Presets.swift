extension ModelGeometry {
    /// The published sizes. `frames` is T.
    package static func vitB32(frames: Int = 8, mask: KroneckerMask = .kmt) -> ModelGeometry {
        base(patchSize: 32, frames: frames, mask: mask)
    }

    package static func vitB16(frames: Int = 8, mask: KroneckerMask = .kmt) -> ModelGeometry {
        base(patchSize: 16, frames: frames, mask: mask)
    }

    package static func vitL14(frames: Int = 8, mask: KroneckerMask = .kmt) -> ModelGeometry {
        large(imageSize: 224, frames: frames, mask: mask)
    }

    package static func vitL14At336(frames: Int = 16, mask: KroneckerMask = .kmt) -> ModelGeometry {
        large(imageSize: 336, frames: frames, mask: mask)
    }

    private static func base(patchSize: Int, frames: Int, mask: KroneckerMask) -> ModelGeometry {
        ModelGeometry(
            imageSize: 224, patchSize: patchSize, frames: frames, visionWidth: 768, visionLayers: 12, temporalLayers: 4,
            embeddingWidth: 512, textWidth: 512, textLayers: 12, contextLength: 77, vocabularySize: 49_408, mask: mask)
    }

    private static func large(imageSize: Int, frames: Int, mask: KroneckerMask) -> ModelGeometry {
        ModelGeometry(
            imageSize: imageSize, patchSize: 14, frames: frames, visionWidth: 1024, visionLayers: 24, temporalLayers: 8,
            embeddingWidth: 768, textWidth: 768, textLayers: 12, contextLength: 77, vocabularySize: 49_408, mask: mask)
    }
}
