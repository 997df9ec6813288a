/// Which keys a temporal token may see besides itself.
package enum KroneckerMask: String, Sendable, Codable, CaseIterable {
    /// Itself and every token of every other frame.
    case kmt = "KMT"
    /// Itself and every token of every earlier frame.
    case kmct = "KMCT"
}

/// Every size of a CLAVER model. Legend used throughout: `B` clips, `T` frames, `F = B*T`, `N` patches, `L = N+1` tokens,
/// `D` width, `H` heads (D/64), `E` joint embedding, `A` prompts per class, `C` classes, `K` text context.
package struct ModelGeometry: Sendable, Equatable {
    /// Side of the square input, in pixels.
    package var imageSize: Int
    /// Side of a square patch, in pixels.
    package var patchSize: Int
    /// T, frames per window.
    package var frames: Int
    /// D of the vision towers.
    package var visionWidth: Int
    /// Spatial blocks.
    package var visionLayers: Int
    /// Temporal blocks; a third of the spatial ones in every published size.
    package var temporalLayers: Int
    /// E, the joint embedding.
    package var embeddingWidth: Int
    /// D of the text tower.
    package var textWidth: Int
    package var textLayers: Int
    /// K, tokens of a text, start and end included.
    package var contextLength: Int
    package var vocabularySize: Int
    package var mask: KroneckerMask

    package init(
        imageSize: Int, patchSize: Int, frames: Int, visionWidth: Int, visionLayers: Int, temporalLayers: Int,
        embeddingWidth: Int, textWidth: Int, textLayers: Int, contextLength: Int, vocabularySize: Int,
        mask: KroneckerMask
    ) {
        self.imageSize = imageSize
        self.patchSize = patchSize
        self.frames = frames
        self.visionWidth = visionWidth
        self.visionLayers = visionLayers
        self.temporalLayers = temporalLayers
        self.embeddingWidth = embeddingWidth
        self.textWidth = textWidth
        self.textLayers = textLayers
        self.contextLength = contextLength
        self.vocabularySize = vocabularySize
        self.mask = mask
    }

    /// Width of one attention head in every CLIP model.
    package static let headWidth = 64

    package var visionHeads: Int { visionWidth / Self.headWidth }
    package var textHeads: Int { textWidth / Self.headWidth }
    /// N, patches of a frame.
    package var patches: Int { (imageSize / patchSize) * (imageSize / patchSize) }
    /// L, tokens of a frame: the class token, then the patches.
    package var tokens: Int { patches + 1 }
    /// Values of one patch, in the order (channel, row, column) of `conv1.weight`.
    package var patchValues: Int { 3 * patchSize * patchSize }
    /// What the patches of a clip's frames take.
    package var clipBytes: Int { frames * patches * patchValues * 4 }
}
