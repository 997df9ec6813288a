import Pipeline
import Recognizer

/// Clips whose spatial features lie in a store.
final class StoredFeatures: TrainingFeed {
    private let store: SpatialFeatureStore
    private let entries: [ClipEntry]
    private let view: Int

    init(_ store: SpatialFeatureStore, entries: [ClipEntry], epoch: Int) {
        self.store = store
        self.entries = entries
        view = epoch % store.views
    }

    func fill(_ batch: TrainingBatch, clips: [Int], unreadable: (Int, ClipFailure) throws -> Void) throws {
        for clip in clips where store.holds(clip: clip, view: view) {
            try batch.add(clip, label: entries[clip].classes[0]) { try store.read($0, clip: clip, view: view) }
        }
    }

    func cancel() {}
}
