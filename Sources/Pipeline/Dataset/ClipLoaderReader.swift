import Recognizer

/// What the threads of a loader read.
struct ClipLoaderWork: Sendable {
    let store: any ClipStore
    let entries: [ClipEntry]
    let geometry: ModelGeometry
    let mean: [Float]
    let deviation: [Float]
    let plan: @Sendable (_ index: Int, _ totalFrames: Int) -> [ClipView]
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
        let (work, preprocessor) = (work, preprocessor)
        let name = work.entries[index].name
        guard let location = work.store.location(of: name) else {
            return .failure(ClipFailure(kind: .missing, reason: "\(name) is not in \(work.store.path)"))
        }
        let perFrame = work.geometry.patches * work.geometry.patchValues
        var views: [ClipView] = []
        var patches: [Float] = []
        var latest: Int?
        func begin(_ total: Int) {
            guard latest != total else { return }
            latest = total
            views = work.plan(index, total)
            patches = [Float](repeating: 0, count: views.reduce(0) { $0 + $1.indices.count } * perFrame)
        }
        do throws(ClipFailure) {
            let total = try decoder.read(location, watch: watch) { total in
                work.plan(index, total).flatMap(\.indices)
            } take: { total, number, frame in
                begin(total)
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
            begin(total)
            return .success(DecodedClip(totalFrames: total, views: views, patches: patches))
        } catch {
            return .failure(error)
        }
    }
}
