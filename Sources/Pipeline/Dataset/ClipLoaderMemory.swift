/// How a loader uses pictures that were kept, and what it keeps.
package struct ClipLoaderMemory: Sendable {
    package let clips: KeptClips
    /// Keeps all pictures of a clip, not only those wanted: other reads will want others.
    package let keepsWholeClips: Bool

    package init(_ clips: KeptClips, keepsWholeClips: Bool) {
        self.clips = clips
        self.keepsWholeClips = keepsWholeClips
    }
}
