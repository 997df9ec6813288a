import Foundation
import Pipeline
import Recognizer

/// Measures a model directory as `claverd eval` does, in float32, on clips whose pictures stay in memory.
struct TrainingValidation {
    let recipe: TrainRecipe
    let entries: [ClipEntry]
    let store: any ClipStore
    let kept: KeptClips
    let workers: Int
    let readers: Int

    /// How a model did, and which clips could not be read and count as wrong.
    struct Outcome {
        let accuracy: TopAccuracy
        let unreadable: [(name: String, failure: ClipFailure)]
    }

    /// - Parameters:
    ///   - isInterrupted: asked before each clip.
    ///   - progress: told how many clips are done.
    /// - Returns: nil when interrupted.
    func measure(
        of directory: String, isInterrupted: @escaping @Sendable () -> Bool,
        progress: @escaping @Sendable (_ done: Int) -> Void
    ) throws -> Outcome? {
        let model = try Model(path: directory, on: BackendChoice(precision: .f32, pool: WorkerPool(workers: 1)))
        let texts = try EvalTexts(recipe.evaluation, model: model, labels: model.config.labels)
        let views = try recipe.evaluation.viewProtocol(frames: model.geometry.frames)
        let features = try FeatureStore(
            clips: entries.count, views: views.count, width: model.geometry.embeddingWidth,
            directory: FileManager.default.temporaryDirectory.path)
        let weights = EvalRunner.visionWeights(model)
        let entries = entries
        let loader = ClipLoader(
            store: store, entries: entries, geometry: model.geometry, mean: model.config.mean,
            deviation: model.config.deviation,
            options: ClipLoaderOptions(threads: readers, clipBytes: views.count * model.geometry.clipBytes),
            memory: ClipLoaderMemory(kept, keepsWholeClips: false),
            plan: { index, total in views.views(of: total, clip: entries[index].name) })
        defer { loader.cancel() }
        let outcome = try EvaluationRun(
            store: features, journal: nil, places: Array(entries.indices), views: views
        ).run(
            threads: workers,
            makeSession: {
                try RecognizerSession(
                    weights: weights, geometry: model.geometry, backend: model.backend,
                    capacity: ClipEncoder.capacity(views, geometry: model.geometry))
            },
            next: { isInterrupted() ? nil : loader.next() }, name: { entries[$0].name.escapedForLog },
            progress: { done, _ in progress(done) })
        guard outcome.done == entries.count else { return nil }
        let dump = EvaluationDump(
            record: record(model, texts), families: texts.families,
            vocabulary: try texts.vocabulary(model, cache: nil, workers: workers),
            scale: try RecognizerSession.scale(weights), total: entries.count, indices: Array(entries.indices),
            clips: entries.indices.map { index in
                var failure: ClipFailure?
                if case .failed(let reason) = features.outcomes[index] { failure = reason }
                return EvaluationDump.Clip(
                    name: entries[index].name, classes: entries[index].classes, failure: failure)
            },
            features: features.tensor)
        return Outcome(
            accuracy: TopAccuracy(dump.result()),
            unreadable: dump.clips.compactMap { clip in clip.failure.map { (clip.name, $0) } })
    }

    private func record(_ model: Model, _ texts: EvalTexts) -> EvaluationRecord {
        EvaluationRecord(
            version: ClaverdVersion.current, model: model.identity, weightsDigest: model.directory.weightsDigest,
            precision: Precision.f32.rawValue, data: store.path, list: recipe.val ?? "",
            listDigest: ClipList.digest(entries), frames: model.geometry.frames, mask: model.geometry.mask.rawValue,
            sampling: ViewProtocol.Sampling.segments.text, views: recipe.views, seed: nil, templates: texts.templates,
            promptFiles: texts.promptFiles, promptsDigest: texts.digest, seconds: 0)
    }
}
