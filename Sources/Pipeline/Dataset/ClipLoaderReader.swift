import Recognizer

/// What the threads of a loader read.
struct ClipLoaderWork: Sendable {
    let store: any ClipStore
    let entries: [ClipEntry]
    let geometry: ModelGeometry
    let mean: [Float]
    let deviation: [Float]
    let memory: ClipLoaderMemory?
    let plan: @Sendable (_ index: Int, _ totalFrames: Int) -> [ClipView]
    let finish: @Sendable (_ index: Int, _ patches: UnsafeMutablePointer<Float>) -> Void
}

/// Turns clips into a model's input; one thread's.
final class ClipLoaderReader {
    private let work: ClipLoaderWork
    private let decoder = ClipDecoder()
    private let preprocessor: FramePreprocessor

    init(_ work: ClipLoaderWork) {
        self.work = work
        preprocessor = FramePreprocessor(
            imageSize: work.geometry.imageSize, patchSize: work.geometry.patchSize, mean: work.mean,
            deviation: work.deviation)
    }

    func read(_ index: Int, watch: ClipWatch) -> Result<DecodedClip, ClipFailure> {
        let work = work
        let name = work.entries[index].name
        guard let location = work.store.location(of: name) else {
            return .failure(ClipFailure(kind: .missing, reason: work.store.absence(of: name)))
        }
        if let kept = remembered(index, name) { return .success(kept) }
        var clip = ClipInput(index, work, preprocessor)
        var recorder = ClipRecorder(work.memory, name: name)
        let wantsAll = recorder?.wantsAll ?? false
        do throws(ClipFailure) {
            let total = try decoder.read(location, watch: watch) { total in
                wantsAll ? Array(0..<total) : work.plan(index, total).flatMap(\.indices)
            } take: { total, number, frame in
                clip.take(frame, number: number, total: total)
                if recorder?.fits == true { recorder?.add(KeptPicture(frame), total: total, number: number) }
            }
            recorder?.finish()
            return .success(clip.finished(total))
        } catch {
            return .failure(error)
        }
    }

    /// The clip from memory, if all that is wanted of it was kept.
    private func remembered(_ index: Int, _ name: String) -> DecodedClip? {
        guard let kept = work.memory?.clips.clip(name) else { return nil }
        let wanted = Set(work.plan(index, kept.totalFrames).flatMap(\.indices))
        var clip = ClipInput(index, work, preprocessor)
        for number in wanted.sorted() {
            guard let picture = kept.pictures[number] else { return nil }
            picture.withPixels { clip.take($0, number: number, total: kept.totalFrames) }
        }
        return clip.finished(kept.totalFrames)
    }
}
