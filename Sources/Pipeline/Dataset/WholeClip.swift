package import Recognizer

/// A file as one clip for a model: the middle frame of each of T equal parts.
package struct WholeClip: Sendable {
    private let geometry: ModelGeometry
    private let mean: [Float]
    private let deviation: [Float]

    package init(_ config: ModelConfig) {
        geometry = config.geometry
        mean = config.mean
        deviation = config.deviation
    }

    /// (T, N, 3*P*P). Blocks its thread.
    package func patches(of file: String) throws(ClipFailure) -> [Float] {
        let sampling = ClipSampling(frames: geometry.frames)
        let loader = ClipLoader(
            store: OneFile(path: file), entries: [ClipEntry(name: file, classes: [0])], geometry: geometry, mean: mean,
            deviation: deviation
        ) { _, total in
            [ClipView(indices: sampling.indices(of: total), geometry: ViewGeometry())]
        }
        guard case (_, let clip)? = loader.next() else { return [] }
        return try clip.get().patches
    }
}

private struct OneFile: ClipStore {
    let path: String
    var names: [String] { [path] }
    func location(of name: String) -> ClipLocation? { .file(path: name) }
}
