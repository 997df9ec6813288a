import Foundation
import Pipeline
import Recognizer

/// The loop of a training: batches to the step, what comes of them to the log, the page and the checkpoint, and at the end
/// of each epoch to the model directories.
///
/// Whatever a batch depends on follows from the recipe and the position, so that a run which goes on from a checkpoint does
/// the same as one that was never stopped. Used from one thread.
final class TrainingLoop {
    /// What a run is made of.
    struct Parts {
        let recipe: TrainRecipe
        let identity: RunIdentity
        let folder: RunFolder
        let start: TrainingStart
        let clips: TrainingClips
        let step: TrainingStep
        let texts: TrainingTexts
        let accumulation: Int
        let validation: TrainingValidation?
        let features: SpatialFeatureStore?
        let log: RunLog
        let interruption: Interruption
    }

    private let parts: Parts
    private let draws: TrainingDraws
    private let updatesPerEpoch: Int
    private let batch: TrainingBatch
    private(set) var position: RunPosition
    private var policy: NonFinitePolicy
    private var progress: TrainProgress
    private var page: CurvePage
    private var savedAt = ContinuousClock.now
    private var begunAt = ContinuousClock.now
    private let secondsBefore: Double

    init(_ parts: Parts, position: RunPosition) {
        self.parts = parts
        self.position = position
        let recipe = parts.recipe
        draws = TrainingDraws(seed: recipe.seed)
        updatesPerEpoch = parts.clips.entries.count / recipe.totalBatch
        batch = TrainingBatch(
            capacity: recipe.batch, geometry: parts.step.geometry, classes: parts.texts.classes,
            smoothing: recipe.smoothing, holdsFeatures: parts.features != nil,
            isMixed: recipe.mixing.mixup > 0 || recipe.mixing.cutmix > 0)
        policy = NonFinitePolicy(skipped: position.skipped)
        progress = TrainProgress(epochs: recipe.epochs, updates: updatesPerEpoch, isShown: EvalProgress.isTerminal)
        page = CurvePage(name: URL(filePath: parts.folder.path).lastPathComponent, recipe: recipe)
        secondsBefore = position.seconds
    }

    /// Trains to the end.
    ///
    /// - Throws: `CommandFailure`: 75 when interrupted, 65 for too many unreadable clips, 70 when several updates in a row give
    ///   no finite numbers; `RecognizerError` when something cannot be written.
    func run() throws {
        try computeFeatures()
        while position.epoch < parts.recipe.epochs { try runEpoch() }
        refreshPage(isFinal: true)
    }

    private func computeFeatures() throws {
        guard let store = parts.features else { return }
        try FeaturePass(
            store: store, clips: parts.clips, step: parts.step, batch: parts.recipe.batch,
            interruption: parts.interruption
        ).run(
            isLeftOut: { position.quarantine.holds($0) }, unreadable: noteUnreadable,
            progress: { progress.show("spatial features", done: $0, of: $1) })
        progress.clear()
    }

    private func runEpoch() throws {
        let order = draws.order(epoch: position.epoch, clips: parts.clips.entries.count)
        let plan = EpochPlan(order: order, batch: parts.recipe.batch, accumulation: parts.accumulation)
        let feed = feed(plan)
        defer { feed.cancel() }
        while position.update < plan.updates {
            let first = position.update * parts.accumulation
            try runUpdate(feed, Array(plan.batches[first..<first + parts.accumulation]))
            try stopIfInterrupted()
            if ContinuousClock.now - savedAt >= parts.recipe.checkpointEvery { try save() }
            if page.isDue { refreshPage() }
        }
        try finishEpoch()
    }

    private func feed(_ plan: EpochPlan) -> any TrainingFeed {
        if let features = parts.features {
            return StoredFeatures(features, entries: parts.clips.entries, epoch: position.epoch)
        }
        return LoadedClips(
            parts.clips, epoch: position.epoch, plan: plan.batches[(position.update * parts.accumulation)...],
            quarantine: position.quarantine)
    }

    private func runUpdate(_ feed: any TrainingFeed, _ batches: [[Int]]) throws {
        let begin = ContinuousClock.now
        var record = RunRecord.Update(
            epoch: position.epoch, update: position.update, loss: 0, accuracy: 0, rate: 0, norm: 0, clips: 0,
            seconds: 0, waited: 0)
        var (loss, correct, done) = (0.0, 0, 0)
        var fault: (reason: String, clips: [Int])?
        for (place, numbers) in batches.enumerated() {
            let asked = ContinuousClock.now
            batch.clear()
            try feed.fill(batch, clips: numbers, unreadable: noteUnreadable)
            record.waited += (ContinuousClock.now - asked) / .seconds(1)
            guard batch.count > 0, fault == nil else { continue }
            let outcome = accumulate(place)
            if outcome.loss.isFinite {
                loss += outcome.loss
                correct += outcome.correct
                record.clips += batch.count
                done += 1
            } else {
                fault = ("the loss is \(outcome.loss.isNaN ? "NaN" : "infinite")", batch.numbers)
            }
        }
        if fault == nil, done > 0 {
            record.norm = parts.step.update()
            if !record.norm.isFinite {
                fault = ("the gradients are not finite", batches.flatMap { $0 })
            }
        } else {
            parts.step.discard()
        }
        position.update += 1
        if let fault { return try skip(fault.reason, fault.clips) }
        policy.noteFinite()
        guard done > 0 else { return }
        record.loss = loss / Double(done)
        record.accuracy = Double(correct) / Double(record.clips)
        record.rate = parts.step.options.schedule.rate(at: parts.step.updates)
        record.seconds = (ContinuousClock.now - begin) / .seconds(1)
        position.sums.batches += done
        position.sums.loss += loss
        position.sums.clips += record.clips
        position.sums.correct += correct
        position.sums.seconds += record.seconds
        try parts.log.append(.update(record))
        progress.show(position, seconds: position.sums.seconds / Double(max(position.update, 1)))
    }

    private func accumulate(_ place: Int) -> TrainingStep.Outcome {
        let recipe = parts.recipe
        let number =
            (position.epoch * updatesPerEpoch + position.update) * parts.accumulation + place
        let rows = draws.prompts(batch: number, count: recipe.promptsPerStep, of: parts.texts.tokens.count)
        return batch.withBatch(
            holdsFeatures: parts.features != nil,
            mixing: { clips in
                draws.mixing(
                    batch: number, recipe.mixing, clips: clips, imageSize: parts.step.geometry.imageSize)
            }, prompts: parts.texts.chosen(rows)
        ) { parts.step.accumulate($0) }
    }

    private func skip(_ reason: String, _ clips: [Int]) throws {
        let verdict = policy.noteNonFinite()
        position.skipped = policy.skipped
        let names = clips.map { parts.clips.entries[$0].name.escapedForLog }
        try parts.log.append(
            .skipped(
                RunRecord.Skipped(epoch: position.epoch, update: position.update - 1, reason: reason, clips: names)))
        let shown = names.prefix(5).joined(separator: ", ") + (names.count > 5 ? " and \(names.count - 5) more" : "")
        progress.tell(
            "epoch \(position.epoch + 1), update \(position.update) skipped: \(reason); its clips: \(shown)")
        guard verdict == .skip else { throw notFinite("\(NonFinitePolicy.limit) updates in a row") }
    }

    private func notFinite(_ what: String) -> CommandFailure {
        CommandFailure(
            .software,
            "\(what) gave no finite numbers; a lower rate may help. \(parts.folder.checkpoint) is as before")
    }

    private func noteUnreadable(_ clip: Int, _ failure: ClipFailure) throws {
        guard position.quarantine.note(failure, of: clip) else { return }
        let name = parts.clips.entries[clip].name
        try parts.log.append(
            .unreadable(RunRecord.Unreadable(clip: name, kind: failure.kind.rawValue, reason: failure.reason)))
        progress.tell("left out: \(name.escapedForLog): \(failure.description.escapedForLog)")
        guard !position.quarantine.exceeds(parts.recipe.maxBad) else {
            let share = EvalOutcome.percent(parts.recipe.maxBad, digits: 1)
            throw CommandFailure(
                .dataError,
                "\(position.quarantine.count) of \(position.quarantine.clips) clips could not be read, more than"
                    + " max_bad \(share) allows")
        }
    }

    private func finishEpoch() throws {
        let folder = parts.folder
        let weights = parts.step.averagedWeights ?? parts.step.weights
        try write(weights, to: folder.last)
        var accuracy: TopAccuracy?
        if let validation = parts.validation {
            let interruption = parts.interruption
            progress.show("validating", done: 0, of: validation.entries.count)
            do {
                accuracy = try validation.accuracy(
                    of: folder.last, isInterrupted: { interruption.isRequested }, progress: { _ in })
            } catch RecognizerError.nonFinite {
                throw notFinite("the model of epoch \(position.epoch + 1)")
            }
            if accuracy == nil { try stopIfInterrupted() }
        }
        let isBest = accuracy.map { $0.top1 > position.best?.top1 ?? -1 } ?? false
        if isBest, let accuracy {
            try write(weights, to: folder.best)
            position.best = RunPosition.Best(epoch: position.epoch, top1: accuracy.top1)
        }
        let record = RunRecord.Epoch(
            epoch: position.epoch, loss: position.sums.meanLoss, accuracy: position.sums.accuracy,
            clipsPerSecond: position.sums.clipsPerSecond, seconds: seconds, top1: accuracy?.top1,
            top5: accuracy?.top5, isBest: isBest)
        try parts.log.append(.epoch(record))
        position.epoch += 1
        position.update = 0
        position.sums = RunPosition.Sums()
        try save()
        let left = Double(parts.recipe.epochs - position.epoch) * seconds / Double(position.epoch)
        progress.tell(TrainProgress.line(record, of: parts.recipe.epochs, secondsLeft: left))
        refreshPage(isFinal: position.epoch == parts.recipe.epochs)
    }

    private func write(_ weights: StateDict, to directory: String) throws {
        var config = parts.start.config
        config.name = URL(filePath: parts.folder.path).lastPathComponent
        config.provenance = ModelConfig.Provenance(
            source: "claverd train \(ClaverdVersion.current), epoch \(position.epoch + 1) of \(parts.recipe.epochs)")
        try ModelDirectory.write(
            weights, config: config, mergesPath: parts.start.mergesPath, prompts: parts.start.prompts, to: directory)
    }

    /// Of the run so far.
    private var seconds: Double { secondsBefore + (ContinuousClock.now - begunAt) / .seconds(1) }

    private func stopIfInterrupted() throws {
        guard parts.interruption.isRequested else { return }
        if policy.isClean { try save() }
        refreshPage()
        progress.clear()
        throw CommandFailure(
            .tempFail,
            "interrupted in epoch \(position.epoch + 1) after \(position.update) of \(updatesPerEpoch) updates;"
                + " the same command with --resume auto goes on")
    }

    /// Writes the checkpoint, unless the weights are under suspicion.
    func save() throws {
        guard policy.isClean else { return }
        parts.log.flush()
        position.logByteCount = parts.log.byteCount
        position.seconds = seconds
        let checkpoint = RunCheckpoint(
            recipe: parts.recipe, identity: parts.identity, position: position, weights: parts.step.weights,
            optimizerState: parts.step.optimizerState)
        do {
            try checkpoint.write(to: parts.folder.checkpoint)
        } catch {
            throw CommandFailure(.ioError, "\(error); the checkpoint before it is whole")
        }
        savedAt = .now
    }

    /// A page that cannot be written is no reason to stop.
    private func refreshPage(isFinal: Bool = false) {
        try? page.write(parts.log.records, to: parts.folder.page, isFinal: isFinal)
    }
}
