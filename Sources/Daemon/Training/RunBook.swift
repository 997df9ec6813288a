import Foundation
import Pipeline
import Recognizer

/// A run's folder as it is opened, with what it holds of an earlier part of the run.
struct RunBook {
    /// Nil at the beginning of a run.
    let checkpoint: RunCheckpoint?
    /// Of the checkpoint, or those that a run begins with.
    let weights: StateDict
    /// (A, C) token ids of the prompts.
    let prompts: [[[Int32]]]
    private let folder: RunFolder
    private let identity: RunIdentity
    private let clips: Int

    /// Opens the folder and writes the recipe into it.
    ///
    /// - Throws: what is wrong with the folder, or with going on in it.
    init(_ runner: TrainRunner, _ start: TrainingStart, _ entries: [ClipEntry]) throws {
        let recipe = runner.recipe
        folder = try RunFolder(try runner.required(recipe.output, "output"), resumes: runner.resumes)
        if let warning = folder.unlocked { Self.tell(warning) }
        checkpoint = folder.hasCheckpoint ? try RunCheckpoint(path: folder.checkpoint) : nil
        if checkpoint == nil {
            try folder.clear()
            try ReplacementFile.write(RunFolder.mark + recipe.yaml, to: folder.recipe)
        }
        weights = checkpoint?.weights ?? start.weights()
        let last = folder.last
        var source = last
        if !Self.holdsModel(last) {
            var config = start.config
            if checkpoint != nil {
                // Until it is known that the checkpoint is this run's, beside its place.
                source += ".partial-found"
                config.name = ModelConfig.name(of: folder.path)
                config.provenance = .init(source: "claverd train \(ClaverdVersion.current), from a checkpoint")
            }
            try? FileManager.default.removeItem(atPath: source)
            try ModelDirectory.write(
                checkpoint?.model ?? weights, config: config, mergesPath: start.mergesPath,
                prompts: start.prompts, to: source)
        }
        defer { if source != last { try? FileManager.default.removeItem(atPath: source) } }
        let model = try Model(
            path: source, on: BackendChoice(precision: .f32, pool: WorkerPool(workers: 1)))
        let texts = try EvalTexts(recipe.evaluation, model: model, labels: start.config.labels)
        prompts = texts.prompts.prompts
        identity = RunIdentity(
            weightsDigest: start.digest, traits: start.config.trainingTraits, listDigest: ClipList.digest(entries),
            valDigest: try recipe.val.map {
                ClipList.digest(try ClipList.read($0, classes: start.config.labels.count))
            }, labels: start.config.labels, promptsDigest: texts.digest)
        clips = entries.count
        if let checkpoint {
            try checkpoint.requireRun(recipe, identity, path: folder.checkpoint)
            if source != last {
                try? FileManager.default.removeItem(atPath: last)
                try FileTree.move(source, to: last)
                Self.tell("\(last) was missing or damaged: it is made of the checkpoint")
            }
            if checkpoint.position.best != nil, !Self.holdsModel(folder.best) {
                Self.tell("\(folder.best) is missing or damaged: the best model so far is lost")
            }
            // What may change, such as the number of threads.
            try ReplacementFile.write(RunFolder.mark + recipe.yaml, to: folder.recipe)
        }
    }

    static func holdsModel(_ path: String) -> Bool { (try? ModelDirectory.open(path)) != nil }

    private static func tell(_ line: String) { TrainProgress(isShown: false).tell(line) }

    var position: RunPosition { checkpoint?.position ?? RunPosition(quarantine: Quarantine(clips: clips)) }

    /// Opens the log as well; a run that begins starts it with `begin`.
    func desk(_ begin: RunRecord.Begin) throws -> TrainingLoop.Desk {
        let log = try RunLog(path: folder.log, keeping: position.logByteCount)
        if log.byteCount < position.logByteCount {
            Self.tell(
                "\(folder.log) lacks \(position.logByteCount - log.byteCount) of \(position.logByteCount) bytes that the"
                    + " checkpoint knows of: so does the curve")
        }
        if log.byteCount == 0 { try log.append(.begin(begin)) }
        return TrainingLoop.Desk(identity: identity, folder: folder, log: log)
    }
}
