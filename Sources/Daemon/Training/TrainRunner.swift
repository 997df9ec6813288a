import Foundation
import Pipeline
import Recognizer

/// Makes a training out of its recipe: opens what it names, checks that it fits together, and begins the run or goes on with it.
struct TrainRunner {
    let recipe: TrainRecipe
    let environment: ConfigurationEnvironment
    let resumes: Bool
    var ranks = TrainingRanks(group: nil)

    /// Trains to the end.
    ///
    /// - Throws: whatever is wrong with the recipe or what it names; what `TrainingLoop.run` throws.
    func run() throws -> RunPosition {
        let loop = try begin()
        try loop.run()
        return loop.position
    }

    /// The run as far as its first update. What only this takes, such as weights that were drawn, is gone with it.
    private func begin() throws -> TrainingLoop {
        let interruption = Interruption {}
        try recipe.check()
        if ranks.isFirst, recipe.batch == 1, recipe.mixing.mixup > 0 || recipe.mixing.cutmix > 0 {
            TrainProgress(isShown: false).tell(
                "mixup and cutmix are without effect: a batch of one clip has none to mix")
        }
        try TrainingStep.requireSupport(for: recipe.precision)
        guard ranks.count == 1 || recipe.featureViews == nil else {
            throw CommandFailure(.usage, "features: are kept by one process alone; several compute them in each epoch")
        }
        let accumulation = try recipe.accumulation(ranks: ranks.count)
        let start = try TrainingStart(recipe)
        let classes = start.config.labels.count
        let entries = try self.entries(classes: classes)
        try requireSame(ClipList.digest(entries), start.config)
        let updates = entries.count / recipe.totalBatch
        let options = recipe.options(updates: updates, accumulation: accumulation)
        let capacity = TrainingCapacity(clips: recipe.batch, prompts: recipe.promptsPerStep, classes: classes)
        try requireMemory(start.config.geometry, options, capacity)
        let cache = environment.cacheDirectory
        let store = try ClipStores.open(try required(recipe.data, "data"), cache: cache)
        if ranks.isFirst { EvalRunner.tellDefects(of: store) }
        try EvalRunner.checkPresence(entries, in: store, mostBad: recipe.maxBad)
        let kept = KeptClips(byteLimit: recipe.memory)
        let validation = try ranks.isFirst ? self.validation(classes: classes, store: store, kept: kept) : nil
        let book = try ranks.isFirst ? RunBook(self, start, entries) : nil
        let opening = try ranks.fromFirst { book.map { Opening($0) } ?? Opening(entries.count) }
        guard !recipe.isFromScratch || opening.prompts.count > 1 else {
            throw ranks.agreed(
                CommandFailure(
                    .configuration, "templates: from scratch takes at least two prompts for each class, there is one"))
        }

        let desk = try book.map {
            try $0.desk(
                RunRecord.Begin(
                    version: ClaverdVersion.current, clips: entries.count, classes: classes,
                    prompts: opening.prompts.count, updatesPerEpoch: updates, workers: workers))
        }
        let features = try desk.flatMap { try self.features($0, start.config, clips: entries.count) }

        let pool = WorkerPool(workers: workers)
        let weights =
            try book.map {
                try $0.checkpoint == nil
                    ? warmedUp($0.weights, start.config.geometry, opening.prompts, pool: pool, interruption)
                    : $0.weights
            } ?? start.weights()
        let step = try TrainingStep(
            weights: weights, geometry: start.config.geometry, options: options, capacity: capacity, pool: pool,
            ranks: ranks.group)
        if let checkpoint = book?.checkpoint {
            try step.restore(weights: checkpoint.weights, optimizerState: checkpoint.optimizerState)
        }
        try step.takeOverFirstRank()
        let loop = TrainingLoop(
            TrainingLoop.Parts(
                recipe: recipe, ranks: ranks, desk: desk, start: start,
                clips: clips(entries, start.config, store: store, kept: kept), step: step,
                texts: TrainingTexts(
                    tokens: opening.prompts, step: step, isFrozen: !step.options.trained.contains(.text)),
                accumulation: accumulation, validation: validation,
                features: features, interruption: interruption),
            position: opening.position)
        if let book, book.checkpoint == nil { try loop.save() }
        return loop
    }

    /// What every rank begins with, as rank 0 found it.
    private struct Opening: Codable {
        var position: RunPosition
        /// (A, C) token ids.
        var prompts: [[[Int32]]] = []

        init(_ book: RunBook) {
            position = book.position
            prompts = book.prompts
        }

        init(_ clips: Int) { position = RunPosition(quarantine: Quarantine(clips: clips)) }
    }

    /// Throws if a rank trains otherwise than rank 0, or on something else. Where its clips lie is its own affair.
    private func requireSame(_ listDigest: String, _ config: ModelConfig) throws {
        guard ranks.count > 1 else { return }
        let model = "\(config.trainingTraits) \(config.labels)"
        let all = try ranks.gathered([listDigest, try recipe.yaml, model])
        let first = try TrainRecipe(yaml: all[0][1], file: "rank 0")
        for (rank, other) in all.enumerated() {
            let its = try TrainRecipe(yaml: other[1], file: "rank \(rank)")
            var differences = try its.differences(from: first)
            // Every rank decides by its own when to give up, which all must at once.
            if its.maxBad != first.maxBad { differences.append("max_bad: \(first.maxBad) there, \(its.maxBad) here") }
            if other[0] != all[0][0] { differences.append("the list names other clips or classes") }
            if other[2] != all[0][2] { differences.append("the model's sizes, normalisation or labels are others") }
            guard differences.isEmpty else {
                throw ranks.agreed(
                    CommandFailure(.usage, "rank \(rank) differs from rank 0: \(differences.joined(separator: "; "))"))
            }
        }
    }

    /// Throws if the machine has not the memory that a step takes, which it otherwise would find out in the middle of one.
    private func requireMemory(
        _ geometry: ModelGeometry, _ options: TrainingOptions, _ capacity: TrainingCapacity
    ) throws {
        let needed = TrainingStep.byteCount(geometry, options, capacity) * (ranks.group?.localCount ?? 1)
        guard let free = FreeMemory.byteCount, needed > free else { return }
        func gigabytes(_ count: Int) -> String { String(format: "%.1f GB", Double(count) / 1e9) }
        throw CommandFailure(
            .usage,
            "batch \(recipe.batch) takes \(gigabytes(needed)) of memory, \(gigabytes(free)) are free; say a smaller batch"
                + (recipe.isCheckpointing ? "" : ", or checkpointing: true")
                + " (total_batch may stay as it is)")
    }

    private var workers: Int { recipe.workers ?? ranks.group?.processors ?? environment.processorCount }
    private var readers: Int { recipe.readers ?? workers }

    func required(_ value: String?, _ name: String) throws -> String {
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
        if let own { EvalRunner.tellDefects(of: own) }
        try EvalRunner.checkPresence(entries, in: own ?? store, mostBad: recipe.maxBad)
        return TrainingValidation(
            recipe: recipe, entries: entries, store: own ?? store,
            // Names of another data set may be the same.
            kept: own == nil ? kept : KeptClips(byteLimit: recipe.memory), workers: workers, readers: readers)
    }

    private func clips(
        _ entries: [ClipEntry], _ config: ModelConfig, store: any ClipStore, kept: KeptClips
    ) -> TrainingClips {
        return TrainingClips(
            entries: entries, store: store, config: config, draws: TrainingDraws(seed: recipe.seed),
            augmentation: recipe.augmentation,
            options: ClipLoaderOptions(
                threads: readers, ahead: 2 * max(readers, recipe.batch), clipBytes: config.geometry.clipBytes),
            kept: recipe.memory > 0 ? kept : nil)
    }

    /// The weights to begin with; from scratch with a text tower that tells the classes apart.
    private func warmedUp(
        _ weights: StateDict, _ geometry: ModelGeometry, _ prompts: [[[Int32]]], pool: WorkerPool,
        _ interruption: Interruption
    ) throws -> StateDict {
        guard recipe.isFromScratch else { return weights }
        var warmUp = recipe.warmUp
        warmUp.seed = recipe.seed
        var progress = TrainProgress(isShown: StandardError.isTerminal)
        progress.tell("warming up the text in \(warmUp.updates) updates")
        var (done, last) = (0, 0.0)
        let warm = try warmUp.run(
            weights: weights, geometry: geometry, prompts: prompts, pool: pool,
            isInterrupted: { interruption.isRequested }
        ) { update, loss in
            (done, last) = (update, loss)
            progress.show("warming up the text, update", done: update, of: warmUp.updates)
        }
        guard let warm else {
            progress.clear()
            throw CommandFailure(
                .tempFail,
                "interrupted after \(done) of \(warmUp.updates) updates of the text's warm-up;"
                    + " the same command with --resume auto begins it again")
        }
        progress.tell(String(format: "text warmed up, contrastive loss %.3f", last))
        return warm
    }

    private func features(
        _ desk: TrainingLoop.Desk, _ config: ModelConfig, clips: Int
    ) throws -> SpatialFeatureStore? {
        guard let views = recipe.featureViews else { return nil }
        let key =
            "\(desk.identity.weightsDigest ?? "scratch") \(desk.identity.listDigest) \(recipe.seed) \(recipe.augmentation)"
            + " \(config.geometry) \(config.mean) \(config.deviation) \(recipe.precision)"
        return try SpatialFeatureStore(
            path: desk.folder.features, key: key, geometry: config.geometry, clips: clips, views: views,
            byteLimit: recipe.featureLimit)
    }
}
