import Pipeline
import Recognizer

/// A file as one clip.
struct WholeClip: ClipStore {
    let file: String

    var path: String { file }
    var names: [String] { [file] }

    func location(of name: String) -> ClipLocation? { .file(path: name) }

    /// The middle frame of each of T equal parts of the file, (T, N, 3*P*P). Blocks its thread.
    func patches(for model: Model) throws -> [Float] {
        let sampling = ClipSampling(frames: model.geometry.frames)
        let loader = ClipLoader(
            store: self, entries: [ClipEntry(name: file, classes: [0])], geometry: model.geometry,
            mean: model.config.mean, deviation: model.config.deviation
        ) { _, total in
            [ClipView(indices: sampling.indices(of: total), geometry: ViewGeometry())]
        }
        guard case (_, let clip)? = loader.next() else { return [] }
        do {
            return try clip.get().patches
        } catch {
            throw CommandFailure(error.kind == .missing ? .noInput : .dataError, error.reason)
        }
    }
}
