import Pipeline
import Recognizer

/// Clips decoded by a loader that runs ahead.
final class LoadedClips: TrainingFeed {
    private let loader: ClipLoader
    private let entries: [ClipEntry]
    /// What the loader was told to leave out.
    private let isLeftOut: (Int) -> Bool

    /// - Parameter plan: (batches) of numbers of clips, from the first that is still to be done.
    init(_ clips: TrainingClips, epoch: Int, plan: ArraySlice<[Int]>, quarantine: Quarantine) {
        isLeftOut = { quarantine.holds($0) }
        entries = clips.entries
        loader = clips.loader(epoch: epoch, clips: plan.flatMap { $0 }.filter { !quarantine.holds($0) })
    }

    func fill(_ batch: TrainingBatch, clips: [Int], unreadable: (Int, ClipFailure) throws -> Void) throws {
        for clip in clips where !isLeftOut(clip) {
            guard let next = loader.next() else {
                throw CommandFailure(.software, "the reader of clips ended before its epoch")
            }
            switch next.clip {
            case .success(let read):
                batch.add(clip, label: entries[clip].classes[0]) {
                    $0.update(from: read.patches, count: batch.clipCount)
                }
            case .failure(let failure): try unreadable(clip, failure)
            }
        }
    }

    func cancel() { loader.cancel() }
}
