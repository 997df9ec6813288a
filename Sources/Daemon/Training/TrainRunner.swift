import Foundation
import Pipeline
import Recognizer

/// Makes a training out of its recipe: opens what it names, checks that it fits together, and begins the run or goes on with it.
struct TrainRunner {
    let recipe: TrainRecipe
    let environment: ConfigurationEnvironment
    let resumes: Bool

    /// Most that clips take which were read and wait for the step.
    private static let bytesAhead = 1 << 30

    /// Trains to the end.
    ///
    /// - Throws: whatever is wrong with the recipe or what it names; what `TrainingLoop.run` throws.
    func run() throws -> RunPosition {
        try recipe.check()
        let accumulation = try recipe.accumulation(ranks: 1)
        let start = try TrainingStart(recipe)
        let classes = start.config.labels.count
        let entries = try self.entries(classes: classes)
        let updates = entries.count / recipe.totalBatch
        let cache = environment.cacheDirectory
        let store = try ClipStores.open(try required(recipe.data, "data"), cache: cache)
        try EvalRunner.checkPresence(entries, in: store, mostBad: recipe.maxBad)
        let kept = KeptClips(byteLimit: recipe.memory)
        let validation = try self.validation(classes: classes, store: store, kept: kept)

        let folder = try RunFolder(try required(recipe.output, "output"), resumes: resumes)
        let checkpoint = folder.hasCheckpoint ? try RunCheckpoint(path: folder.checkpoint) : nil
        if checkpoint == nil {
            folder.clear()
            try ReplacementFile.write(try recipe.yaml, to: folder.recipe)
        }
        if !FileManager.default.fileExists(atPath: folder.last) {
            try ModelDirectory.write(
                start.weights, config: start.config, mergesPath: start.mergesPath, prompts: start.prompts,
                to: folder.last)
        }
        let model = try Model(
            path: folder.last, on: BackendChoice(precision: .f32, pool: WorkerPool(workers: 1)))
        let prompts = try EvalTexts(recipe.evaluation, model: model, labels: start.config.labels)
        let identity = RunIdentity(
            weightsDigest: start.digest, listDigest: ClipList.digest(entries), labels: start.config.labels,
            promptsDigest: prompts.digest)
        if let checkpoint {
            try checkpoint.requireRun(recipe, identity, path: folder.checkpoint)
            // What may change, such as the number of threads.
            try ReplacementFile.write(try recipe.yaml, to: folder.recipe)
        }

        let interruption = Interruption {}
        let pool = WorkerPool(workers: workers)
        let step = try TrainingStep(
            weights: try checkpoint?.weights ?? warmedUp(start, prompts.prompts.prompts, pool: pool),
            geometry: start.config.geometry, options: recipe.options(updates: updates, accumulation: accumulation),
            capacity: TrainingCapacity(
                clips: recipe.batch, prompts: recipe.promptsPerStep, classes: classes), pool: pool)
        if let checkpoint { try step.restore(weights: checkpoint.weights, optimizerState: checkpoint.optimizerState) }
        let position = checkpoint?.position ?? RunPosition(quarantine: Quarantine(clips: entries.count))
        let log = try RunLog(path: folder.log, keeping: position.logByteCount)
        if checkpoint == nil {
            try log.append(
                .begin(
                    RunRecord.Begin(
                        version: ClaverdVersion.current, clips: entries.count, classes: classes,
                        prompts: prompts.prompts.prompts.count, updatesPerEpoch: updates, workers: workers)))
        }
        let clips = clips(entries, start.config, store: store, kept: kept)
        let loop = TrainingLoop(
            TrainingLoop.Parts(
                recipe: recipe, identity: identity, folder: folder, start: start, clips: clips, step: step,
                texts: TrainingTexts(
                    tokens: prompts.prompts.prompts, step: step, isFrozen: !step.options.trained.contains(.text)),
                accumulation: accumulation, validation: validation,
                features: try features(folder, identity, start.config, clips: entries.count), log: log,
                interruption: interruption),
            position: position)
        if checkpoint == nil { try loop.save() }
        try loop.run()
        return loop.position
    }

    /// Cores of this process.
    private var workers: Int { recipe.workers ?? environment.processorCount }
    private var readers: Int { recipe.readers ?? workers }

    private func required(_ value: String?, _ name: String) throws -> String {
        guard let value else { throw CommandFailure(.usage, "--\(name) is missing, and no recipe says it") }
        return value
    }

    private func entries(classes: Int) throws -> [ClipEntry] {
        let list = try required(recipe.list, "list")
        let entries = try ClipList.read(list, classes: classes)
        if let other = entries.first(where: { $0.classes.count != 1 }) {
            throw CommandFailure(
                .dataError,
                "\(list): \(other.name.escapedForLog) has \(other.classes.count) classes; training takes one")
        }
        guard entries.count >= recipe.totalBatch else {
            throw CommandFailure(
                .usage,
                "\(list) has \(entries.count) clips, an update takes \(recipe.totalBatch); say a smaller total_batch")
        }
        return entries
    }

    private func validation(classes: Int, store: any ClipStore, kept: KeptClips) throws -> TrainingValidation? {
        guard let val = recipe.val else { return nil }
        let entries = try ClipList.read(val, classes: classes)
        let own = try recipe.valData.map { try ClipStores.open($0, cache: environment.cacheDirectory) }
        try EvalRunner.checkPresence(entries, in: own ?? store, mostBad: recipe.maxBad)
        return TrainingValidation(
            recipe: recipe, entries: entries, store: own ?? store,
            // Names of another data set may be the same.
            kept: own == nil ? kept : KeptClips(byteLimit: recipe.memory), workers: workers, readers: readers)
    }

    private func clips(
        _ entries: [ClipEntry], _ config: ModelConfig, store: any ClipStore, kept: KeptClips
    ) -> TrainingClips {
        let geometry = config.geometry
        let clipBytes = geometry.frames * geometry.patches * geometry.patchValues * 4
        let ahead = max(min(2 * max(readers, recipe.batch), Self.bytesAhead / clipBytes), 1)
        return TrainingClips(
            entries: entries, store: store, config: config, draws: TrainingDraws(seed: recipe.seed),
            augmentation: recipe.augmentation, options: ClipLoaderOptions(threads: readers, ahead: ahead),
            kept: recipe.memory > 0 ? kept : nil)
    }

    /// The weights to begin with; from scratch with a text tower that tells the classes apart.
    private func warmedUp(_ start: TrainingStart, _ prompts: [[[Int32]]], pool: WorkerPool) throws -> StateDict {
        guard recipe.isFromScratch else { return start.weights }
        var warmUp = recipe.warmUp
        warmUp.seed = recipe.seed
        var last = 0.0
        let weights = try warmUp.run(
            weights: start.weights, geometry: start.config.geometry, prompts: prompts, pool: pool
        ) { _, loss in last = loss }
        let line = String(format: "text warmed up in %d updates, contrastive loss %.3f\n", warmUp.updates, last)
        FileHandle.standardError.write(Data(line.utf8))
        return weights
    }

    private func features(
        _ folder: RunFolder, _ identity: RunIdentity, _ config: ModelConfig, clips: Int
    ) throws -> SpatialFeatureStore? {
        guard let views = recipe.featureViews else { return nil }
        let key =
            "\(identity.weightsDigest ?? "scratch") \(identity.listDigest) \(recipe.seed) \(recipe.augmentation)"
            + " \(config.geometry) \(config.mean) \(config.deviation)"
        return try SpatialFeatureStore(
            path: folder.features, key: key, geometry: config.geometry, clips: clips, views: views,
            byteLimit: recipe.featureLimit)
    }
}
