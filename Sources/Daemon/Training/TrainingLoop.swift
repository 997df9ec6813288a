import Foundation
import Pipeline
import Recognizer
import Synchronization

/// The loop of a training: batches to the step, what comes of them to the log, the page and the checkpoint, and at the end
/// of each epoch to the model directories.
///
/// Whatever a batch depends on follows from the recipe and the position, so that a run which goes on from a checkpoint does
/// the same as one that was never stopped. Used from one thread.
final class TrainingLoop {
    /// What a run is made of.
    struct Parts {
        let recipe: TrainRecipe
        let ranks: TrainingRanks
        /// What only rank 0 has, which writes; nil on the others.
        let desk: Desk?
        let start: TrainingStart
        let clips: TrainingClips
        let step: TrainingStep
        let texts: TrainingTexts
        let accumulation: Int
        let validation: TrainingValidation?
        let features: SpatialFeatureStore?
        let interruption: Interruption
    }

    /// Where a run is written down.
    struct Desk {
        let identity: RunIdentity
        let folder: RunFolder
        let log: RunLog
    }

    private let parts: Parts
    private let draws: TrainingDraws
    private let updatesPerEpoch: Int
    private let batch: TrainingBatch
    private(set) var position: RunPosition
    private var policy: NonFinitePolicy
    private var progress: TrainProgress
    private var page: CurvePage?
    /// Whether any rank was asked to stop.
    private var isStopping = false
    /// Names of validation clips that the log has as unreadable.
    private var toldUnreadable: Set<String> = []
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
        policy = NonFinitePolicy(skipped: position.skipped, inARow: position.skippedInARow ?? 0)
        progress = TrainProgress(isShown: StandardError.isTerminal && parts.desk != nil)
        page = parts.desk.map { CurvePage(name: URL(filePath: $0.folder.path).lastPathComponent, recipe: recipe) }
        secondsBefore = position.seconds
        for case .unreadable(let record) in parts.desk?.log.records ?? [] where record.isValidation == true {
            toldUnreadable.insert(record.clip)
        }
    }

    /// Trains to the end.
    ///
    /// - Throws: `CommandFailure`: 75 when interrupted, 65 for too many unreadable clips, 70 when several updates in a row give
    ///   no finite numbers, these three in a group as `TrainingRanks.Agreed`; `RecognizerError` when something cannot be written.
    func run() throws {
        do {
            try computeFeatures()
            while position.epoch < parts.recipe.epochs { try runEpoch() }
        } catch {
            let failure: any Error = (error as? TrainingRanks.Agreed)?.failure ?? error
            refreshPage(.ended(FailureReport(failure).line))
            throw error
        }
        refreshPage(.finished)
    }

    private func computeFeatures() throws {
        guard let store = parts.features, position.epoch < parts.recipe.epochs else { return }
        let done = try FeaturePass(
            store: store, clips: parts.clips, step: parts.step, batch: parts.recipe.batch,
            interruption: parts.interruption
        ).run(
            isLeftOut: { position.quarantine.holds($0) }, unreadable: noteUnreadable,
            progress: { progress.show("spatial features", done: $0, of: $1) })
        progress.clear()
        guard let done else { return }
        // Which clips could not be read.
        try save(afterSkips: true)
        throw CommandFailure(
            .tempFail,
            "interrupted after the features of \(done) of \(store.views * store.clips) clips;"
                + " the same command with --resume auto goes on")
    }

    private func runEpoch() throws {
        let order = draws.order(epoch: position.epoch, clips: parts.clips.entries.count)
        let plan = EpochPlan(
            order: order, batch: parts.recipe.batch, accumulation: parts.accumulation, rank: parts.ranks.rank,
            ranks: parts.ranks.count)
        let feed = feed(plan)
        defer { feed.cancel() }
        while position.update < plan.updates {
            let first = position.update * parts.accumulation
            try runUpdate(
                feed, Array(plan.batches[first..<first + parts.accumulation]),
                ofAll: Array(
                    order[position.update * parts.recipe.totalBatch..<(position.update + 1) * parts.recipe.totalBatch]))
            if isStopping { try stop() }
            if ContinuousClock.now - savedAt >= parts.recipe.checkpointEvery { try save() }
            if page?.isDue == true { refreshPage() }
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

    /// - Parameters:
    ///   - batches: numbers of this rank's clips.
    ///   - clips: numbers of all ranks' clips.
    private func runUpdate(_ feed: any TrainingFeed, _ batches: [[Int]], ofAll clips: [Int]) throws {
        let begin = ContinuousClock.now
        let own = try accumulate(feed, batches)
        try parts.step.completeGradients()
        let all = RankReport(try parts.ranks.gathered(own))
        isStopping = all.isInterrupted
        for found in all.unreadable { try noteUnreadable(found.clip, found.failure) }
        var fault = all.fault
        var norm = 0.0
        let place = position.epoch * updatesPerEpoch + position.update + 1
        if fault == nil, all.batches > 0 {
            norm = parts.step.update(
                at: place, share: Double(all.batches) / Double(parts.accumulation * parts.ranks.count))
            if !norm.isFinite {
                fault = RankReport.Fault(reason: "the gradients are not finite", clips: clips)
            }
        } else {
            parts.step.discard()
        }
        position.update += 1
        if let fault { return try skip(fault) }
        guard all.batches > 0 else {
            policy.noteNoClips()
            position.skipped = policy.skipped
            return try note(RankReport.Fault(reason: "no clip could be read", clips: clips))
        }
        policy.noteFinite()
        position.skippedInARow = nil
        let seconds = (ContinuousClock.now - begin) / .seconds(1)
        position.sums.batches += all.batches
        position.sums.loss += all.loss
        position.sums.clips += all.clips
        position.sums.correct += all.correct
        position.sums.seconds += seconds
        try parts.desk?.log.append(
            .update(
                RunRecord.Update(
                    epoch: position.epoch, update: position.update - 1, loss: all.loss / Double(all.batches),
                    accuracy: Double(all.correct) / Double(all.clips),
                    rate: parts.step.options.schedule.rate(at: place), norm: norm, clips: all.clips,
                    seconds: seconds, waited: all.waited)))
        progress.show(
            position, epochs: parts.recipe.epochs, updates: updatesPerEpoch,
            seconds: position.sums.seconds / Double(max(position.update, 1)))
    }

    /// Accumulates this rank's batches of an update, up to the first whose loss is not finite.
    private func accumulate(_ feed: any TrainingFeed, _ batches: [[Int]]) throws -> RankReport {
        var report = RankReport()
        for (place, numbers) in batches.enumerated() {
            let asked = ContinuousClock.now
            batch.clear()
            try feed.fill(batch, clips: numbers) {
                report.unreadable.append(RankReport.Unreadable(clip: $0, failure: $1))
            }
            report.waited += (ContinuousClock.now - asked) / .seconds(1)
            guard batch.count > 0, report.fault == nil else { continue }
            let outcome = accumulate(place)
            if outcome.loss.isFinite {
                report.loss += outcome.loss
                report.correct += outcome.correct
                report.clips += batch.count
                report.batches += 1
            } else {
                report.fault = RankReport.Fault(
                    reason: "the loss is \(outcome.loss.isNaN ? "NaN" : "infinite")", clips: batch.numbers)
            }
        }
        report.isInterrupted = parts.interruption.isRequested
        return report
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
                    batch: number * parts.ranks.count + parts.ranks.rank, recipe.mixing, clips: clips,
                    imageSize: parts.step.geometry.imageSize)
            }, prompts: parts.texts.chosen(rows)
        ) { parts.step.accumulate($0) }
    }

    private func skip(_ fault: RankReport.Fault) throws {
        let verdict = policy.noteNonFinite()
        (position.skipped, position.skippedInARow) = (policy.skipped, policy.inARow)
        try note(fault)
        guard verdict == .skip else {
            throw parts.ranks.agreed(notFinite("\(NonFinitePolicy.limit) updates in a row"))
        }
    }

    /// Tells of an update that left the weights as they are.
    private func note(_ fault: RankReport.Fault) throws {
        let names = fault.clips.map { parts.clips.entries[$0].name.escapedForLog }
        try parts.desk?.log.append(
            .skipped(
                RunRecord.Skipped(
                    epoch: position.epoch, update: position.update - 1, reason: fault.reason, clips: names)))
        let shown = names.prefix(5).joined(separator: ", ") + (names.count > 5 ? " and \(names.count - 5) more" : "")
        tell("epoch \(position.epoch + 1), update \(position.update) skipped: \(fault.reason); its clips: \(shown)")
    }

    private func notFinite(_ what: String) -> CommandFailure {
        CommandFailure(
            .software,
            "\(what) gave no finite numbers; a run with a lower rate or a clip_norm may do better"
                + (parts.desk.map { " (\(Self.checkpointBefore($0)))" } ?? ""))
    }

    private static func checkpointBefore(_ desk: Desk) -> String {
        desk.folder.hasCheckpoint ? "\(desk.folder.checkpoint) is as before" : "the run has no checkpoint yet"
    }

    private func noteUnreadable(_ clip: Int, _ failure: ClipFailure) throws {
        guard position.quarantine.note(failure, of: clip) else { return }
        let name = parts.clips.entries[clip].name
        try parts.desk?.log.append(
            .unreadable(RunRecord.Unreadable(clip: name, kind: failure.kind.rawValue, reason: failure.reason)))
        tell("left out: \(name.escapedForLog): \(failure.description.escapedForLog)")
        guard !position.quarantine.exceeds(parts.recipe.maxBad) else {
            throw tooManyUnreadable(position.quarantine.count, of: position.quarantine.clips, "clips")
        }
    }

    private func tooManyUnreadable(_ count: Int, of all: Int, _ what: String) -> any Error {
        let share = EvalOutcome.percent(parts.recipe.maxBad, digits: 1)
        return parts.ranks.agreed(
            CommandFailure(
                .dataError, "\(count) of \(all) \(what) could not be read, more than max_bad \(share) allows"))
    }

    /// How rank 0 found the epoch's weights.
    private struct Verdict: Codable {
        var accuracy: TopAccuracy?
        /// Validation clips that could not be read.
        var unreadable = 0
        var isInterrupted = false
    }

    /// Writes the model as it is after the epoch, and measures it.
    private func writeAndValidate(_ desk: Desk) throws -> Verdict {
        guard parts.step.isFinite else { throw notFinite("the updates of epoch \(position.epoch + 1)") }
        try write(to: desk, desk.folder.last)
        guard let validation = parts.validation else { return Verdict() }
        let interruption = parts.interruption
        let clips = validation.entries.count
        let shown = Mutex(progress)
        do {
            let outcome = try validation.measure(
                of: desk.folder.last, isInterrupted: { interruption.isRequested },
                progress: { done in shown.withLock { $0.show("validating", done: done, of: clips) } })
            guard let outcome else { return Verdict(isInterrupted: true) }
            for (name, failure) in outcome.unreadable where toldUnreadable.insert(name).inserted {
                try desk.log.append(
                    .unreadable(
                        RunRecord.Unreadable(
                            clip: name, kind: failure.kind.rawValue, reason: failure.reason, isValidation: true)))
                tell("counted as wrong: \(name.escapedForLog): \(failure.description.escapedForLog)")
            }
            return Verdict(accuracy: outcome.accuracy, unreadable: outcome.unreadable.count)
        } catch RecognizerError.nonFinite {
            throw notFinite("the model of epoch \(position.epoch + 1)")
        }
    }

    private func finishEpoch() throws {
        let verdict = try parts.ranks.fromFirst { try parts.desk.map(writeAndValidate) ?? Verdict() }
        if verdict.isInterrupted { try stop() }
        let accuracy = verdict.accuracy
        if let accuracy, Double(verdict.unreadable) > parts.recipe.maxBad * Double(accuracy.clips) {
            try save()
            throw tooManyUnreadable(verdict.unreadable, of: accuracy.clips, "validation clips")
        }
        let isBest = accuracy.map { $0.top1 > position.best?.top1 ?? -1 } ?? false
        if isBest, let accuracy {
            if let desk = parts.desk { try write(to: desk, desk.folder.best) }
            position.best = RunPosition.Best(epoch: position.epoch, top1: accuracy.top1)
        }
        let record = RunRecord.Epoch(
            epoch: position.epoch, loss: position.sums.meanLoss, accuracy: position.sums.accuracy,
            clipsPerSecond: position.sums.clipsPerSecond, seconds: seconds, top1: accuracy?.top1,
            top5: accuracy?.top5, validationUnreadable: verdict.unreadable > 0 ? verdict.unreadable : nil,
            isBest: isBest)
        try parts.desk?.log.append(.epoch(record))
        position.epoch += 1
        position.update = 0
        position.sums = RunPosition.Sums()
        try save()
        let left = Double(parts.recipe.epochs - position.epoch) * seconds / Double(position.epoch)
        tell(TrainProgress.line(record, of: parts.recipe.epochs, secondsLeft: left))
        refreshPage()
    }

    /// Writes the model as it is now.
    private func write(to desk: Desk, _ directory: String) throws {
        var config = parts.start.config
        config.name = ModelConfig.name(of: URL(filePath: desk.folder.path).standardizedFileURL.path)
        config.provenance = ModelConfig.Provenance(
            source: "claverd train \(ClaverdVersion.current), epoch \(position.epoch + 1) of \(parts.recipe.epochs)")
        try ModelDirectory.write(
            parts.step.averagedWeights ?? parts.step.weights, config: config, mergesPath: parts.start.mergesPath,
            prompts: parts.start.prompts, to: directory)
    }

    /// Of the run so far.
    private var seconds: Double { secondsBefore + (ContinuousClock.now - begunAt) / .seconds(1) }

    private func stop() throws -> Never {
        let isSaved = try save(afterSkips: true)
        progress.clear()
        throw parts.ranks.agreed(
            CommandFailure(
                .tempFail,
                "interrupted in epoch \(position.epoch + 1) after \(position.update) of \(updatesPerEpoch) updates;"
                    + " the same command with --resume auto goes on"
                    + (isSaved ? "" : " from the checkpoint before, since weights are not finite")))
    }

    /// Writes the checkpoint, unless the weights are not finite, or the last update was skipped, which may be their fault.
    ///
    /// - Parameter afterSkips: write it after skipped updates, too; several in a row end a run that goes on with it, as well.
    @discardableResult func save(afterSkips: Bool = false) throws -> Bool {
        guard let desk = parts.desk, policy.isClean || afterSkips, parts.step.isFinite else { return false }
        desk.log.flush()
        position.logByteCount = desk.log.byteCount
        position.seconds = seconds
        let checkpoint = RunCheckpoint(
            recipe: parts.recipe, identity: desk.identity, position: position, weights: parts.step.weights,
            optimizerState: parts.step.optimizerState)
        do {
            try checkpoint.write(to: desk.folder.checkpoint)
        } catch {
            throw CommandFailure(.ioError, "\(error); \(Self.checkpointBefore(desk))")
        }
        savedAt = .now
        return true
    }

    /// A page that cannot be written is no reason to stop.
    private func refreshPage(_ state: CurvePage.State = .underWay) {
        guard let desk = parts.desk else { return }
        try? page?.write(desk.log.records, to: desk.folder.page, state)
    }

    private func tell(_ line: String) { if parts.desk != nil { progress.tell(line) } }
}
