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
            return .failure(ClipFailure(kind: .missing, reason: "\(name) is not in \(work.store.path)"))
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
                recorder?.add(KeptPicture(frame), total: total, number: number)
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

/// A clip's input as its frames come in.
private struct ClipInput {
    private let index: Int
    private let work: ClipLoaderWork
    private let preprocessor: FramePreprocessor
    private let perFrame: Int
    private var views: [ClipView] = []
    private var patches: [Float] = []
    private var latest: Int?

    init(_ index: Int, _ work: ClipLoaderWork, _ preprocessor: FramePreprocessor) {
        self.index = index
        self.work = work
        self.preprocessor = preprocessor
        perFrame = work.geometry.patches * work.geometry.patchValues
    }

    /// With another total than before all that came before is void.
    private mutating func begin(_ total: Int) {
        guard latest != total else { return }
        latest = total
        views = work.plan(index, total)
        patches = [Float](repeating: 0, count: views.reduce(0) { $0 + $1.indices.count } * perFrame)
    }

    mutating func take(_ frame: PixelFrame, number: Int, total: Int) {
        begin(total)
        let (views, perFrame, preprocessor) = (views, perFrame, preprocessor)
        patches.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            var place = 0
            for view in views {
                let own = view.indices.indices.filter { view.indices[$0] == number }
                // A frame that a view repeats is the same picture each time.
                if let first = own.first {
                    let target = base + (place + first) * perFrame
                    preprocessor.writePatches(frame, view: view.geometry, to: target)
                    for copy in own.dropFirst() {
                        (base + (place + copy) * perFrame).update(from: target, count: perFrame)
                    }
                }
                place += view.indices.count
            }
        }
    }

    mutating func finished(_ total: Int) -> DecodedClip {
        begin(total)
        guard !views.isEmpty else { return DecodedClip(totalFrames: total, views: [], patches: []) }
        let (work, index) = (work, index)
        patches.withUnsafeMutableBufferPointer { if let base = $0.baseAddress { work.finish(index, base) } }
        return DecodedClip(totalFrames: total, views: views, patches: patches)
    }
}
