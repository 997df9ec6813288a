import Recognizer

/// A clip's input as its frames come in.
struct ClipInput {
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
