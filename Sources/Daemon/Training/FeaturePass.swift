import Foundation
import Pipeline
import Recognizer

/// Computes the spatial features of every clip of a list, once, before a training whose spatial part is frozen.
struct FeaturePass {
    let store: SpatialFeatureStore
    let clips: TrainingClips
    let step: TrainingStep
    /// Clips computed together.
    let batch: Int
    let interruption: Interruption

    /// Computes what the store does not have yet.
    ///
    /// - Parameters:
    ///   - isLeftOut: whether a clip, by its number, is known to be unreadable.
    ///   - unreadable: told of every clip that cannot be read.
    ///   - progress: told how many features of how many are there.
    /// - Returns: when interrupted how many features are there, which stay; nil when all are.
    /// - Throws: `RecognizerError` when the disk takes no more.
    func run(
        isLeftOut: (Int) -> Bool, unreadable: (Int, ClipFailure) throws -> Void,
        progress: (_ done: Int, _ total: Int) -> Void
    ) throws -> Int? {
        let geometry = step.geometry
        let memory = TrainingBatch(
            capacity: batch, geometry: geometry, classes: 1, smoothing: 0, holdsFeatures: false, isMixed: false)
        var features = [Float](repeating: 0, count: batch * store.valueCount)
        var done = 0
        for view in 0..<store.views {
            let missing = (0..<store.clips).filter { !store.holds(clip: $0, view: view) && !isLeftOut($0) }
            done += store.clips - missing.count
            let loader = clips.loader(epoch: view, clips: missing)
            defer { loader.cancel() }
            for first in stride(from: 0, to: missing.count, by: batch) {
                memory.clear()
                for clip in missing[first..<min(first + batch, missing.count)] {
                    guard let next = loader.next() else { continue }
                    switch next.clip {
                    case .success(let read):
                        memory.add(clip, label: 0) { $0.update(from: read.patches, count: memory.clipCount) }
                    case .failure(let failure): try unreadable(clip, failure)
                    }
                    done += 1
                }
                guard memory.count > 0 else { continue }
                step.encodeSpatial(&features, memory.clips, count: memory.count)
                try features.withUnsafeBufferPointer { features in
                    guard let base = features.baseAddress else { return }
                    for (place, clip) in memory.numbers.enumerated() {
                        try store.keep(base + place * store.valueCount, clip: clip, view: view)
                    }
                }
                progress(done, store.views * store.clips)
                guard !interruption.isRequested else {
                    try store.flush()
                    return done
                }
            }
        }
        try store.flush()
        return nil
    }
}
