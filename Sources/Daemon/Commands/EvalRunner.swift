import Foundation
import Pipeline
import Recognizer
import Synchronization

/// Carries out an evaluation of a list, or of this process's part of it, to a dump.
struct EvalRunner {
    /// Part `index` of `count`: the clips whose place in the list leaves this rest.
    struct Part: Equatable {
        var index: Int
        var count: Int
        static let whole = Part(index: 0, count: 1)

        var text: String { "\(index)/\(count)" }

        /// Reads `1/4`.
        init?(_ text: String) {
            let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
            guard parts.count == 2, let index = parts[0], let count = parts[1], (1...100_000).contains(count),
                (0..<count).contains(index)
            else { return nil }
            self.init(index: index, count: count)
        }

        init(index: Int, count: Int) {
            self.index = index
            self.count = count
        }
    }

    let settings: EvalSettings
    let environment: ConfigurationEnvironment
    var part = Part.whole
    var resume = false
    /// The processes that share the work, if there are several.
    var ranks: RankGroup?

    /// The dump of this part; of the whole list on rank 0 of a group, nothing on the others.
    ///
    /// - Throws: whatever is wrong with the settings or what they name; `CommandFailure` with status 75 when interrupted.
    func run() throws -> EvaluationDump? {
        let model = try openModel()
        try settings.check(model.geometry, name: model.config.name)
        let views = try settings.viewProtocol(frames: model.geometry.frames)
        let labels = try EvalTexts.labels(settings.labels, model.config)
        let entries = try self.entries(classes: labels.count)
        guard part.index < entries.count else {
            throw CommandFailure(
                .usage, "--shard \(part.text): the list has \(entries.count) clips, none for this part")
        }
        let store = try ClipStores.open(try required(settings.data, "data"), cache: environment.cacheDirectory)
        if isFirst { Self.tellDefects(of: store) }
        try Self.checkPresence(entries, in: store, mostBad: settings.maxBad ?? EvalSettings.mostBad)
        let texts = try EvalTexts(settings, model: model, labels: labels)
        var record = try self.record(model: model, entries: entries, views: views, texts: texts)

        try checkState()
        // By now all that is read has been found.
        if let report = settings.report { try OutputFolder.make(report) }
        let features = try FeatureStore(
            clips: entries.count, views: views.count, width: model.geometry.embeddingWidth, directory: scratchDirectory)
        let journal = try self.journal(record, into: features)
        record.seconds = journal?.seconds ?? 0
        let weights = Self.visionWeights(model)
        let scale = try RecognizerSession.scale(weights)
        record.seconds += try evaluate(
            entries, model: model, views: views, store: store, weights: weights, features: features, journal: journal)

        guard let indices = try gather(features) else { return nil }
        let vocabulary = try texts.vocabulary(
            model, cache: TextFeatureCache(directory: environment.cacheDirectory), workers: workers)
        return EvaluationDump(
            record: record, families: texts.families, vocabulary: vocabulary, scale: scale,
            total: entries.count, indices: indices,
            clips: indices.map { index in
                var failure: ClipFailure?
                if case .failed(let reason) = features.outcomes[index] { failure = reason }
                return EvaluationDump.Clip(
                    name: entries[index].name, classes: entries[index].classes, failure: failure)
            },
            features: features.compacted(indices))
    }

    /// Deletes the state of a run whose results are written.
    func discardState() {
        if let path = statePath { unlink(path) }
    }

    func openModel() throws -> Model {
        let path = try ModelPath.fromHere(try required(settings.model, "model"))
        // One worker: the clips, and the rows of prompts, are what is shared out among threads.
        return try Model(path: path, on: .forCommand(precision, workers: 1))
    }

    /// The weights of the image side, as float32: otherwise each session would convert them for itself.
    static func visionWeights(_ model: Model) -> ModelWeights {
        var weights = model.directory.weights
        weights.tensors = weights.tensors.filter { $0.key.hasPrefix("visual.") || $0.key == "logit_scale" }
            .mapValues { $0.type == .float32 ? $0 : StoredTensor($0.floats()) }
        return ModelWeights(weights, digest: model.directory.weightsDigest)
    }

    var workers: Int { settings.workers ?? ranks?.processors ?? environment.processorCount }

    private var precision: Precision { settings.precision ?? .f32 }

    private func required(_ value: String?, _ name: String) throws -> String {
        guard let value else { throw CommandFailure(.usage, "--\(name) is missing, and no recipe says it") }
        return value
    }

    private func entries(classes: Int) throws -> [ClipEntry] {
        let all = try ClipList.read(try required(settings.list, "list"), classes: classes)
        return Array(all.prefix(settings.limit ?? .max))
    }

    static func tellDefects(of store: any ClipStore) {
        for defect in store.defects { StandardError.tell("warning: \(store.path.escapedForLog): \(defect)") }
    }

    /// A wrong folder is told before hours are spent on it.
    static func checkPresence(_ entries: [ClipEntry], in store: any ClipStore, mostBad: Double) throws {
        let missing = entries.filter { store.location(of: $0.name) == nil }
        guard Double(missing.count) > mostBad * Double(entries.count),
            let first = missing.first
        else { return }
        throw CommandFailure(
            .dataError,
            "\(missing.count) of \(entries.count) clips of the list are missing, such as \(first.name.escapedForLog) (\(store.absence(of: first.name).escapedForLog));"
                + " \(store.path.escapedForLog) has \(store.names.count)"
                + (store.names.first.map { ", such as \($0.escapedForLog)" } ?? ""))
    }

    private func record(
        model: Model, entries: [ClipEntry], views: ViewProtocol, texts: EvalTexts
    ) throws -> EvaluationRecord {
        EvaluationRecord(
            version: ClaverdVersion.current, model: model.identity, weightsDigest: model.directory.weightsDigest,
            precision: precision.rawValue, data: settings.data ?? "", list: settings.list ?? "",
            listDigest: ClipList.digest(entries), frames: model.geometry.frames, mask: model.geometry.mask.rawValue,
            sampling: views.sampling.text, views: "\(views.clips)x\(views.crops)", seed: views.seed,
            templates: texts.templates, promptFiles: texts.promptFiles, promptsDigest: texts.digest, seconds: 0)
    }

    /// Where the run's state lies; of a group, each process has its own.
    private var statePath: String? {
        guard let path = settings.statePath, let ranks else { return settings.statePath }
        return "\(path).\(ranks.rank)-of-\(ranks.count)"
    }

    private var scratchDirectory: String {
        guard let path = statePath else { return FileManager.default.temporaryDirectory.path }
        return URL(filePath: path).deletingLastPathComponent().path
    }

    /// The state of another run is not lost unasked.
    private func checkState() throws {
        guard let path = statePath, !resume, !OutputFile.isEmpty(path) else { return }
        throw CommandFailure(
            .cannotCreate,
            EvaluationJournal.isJournal(path)
                ? "\(path) is the state of an unfinished run; --resume continues it, or remove it to begin anew"
                : "\(path), where the run's state would lie, is another file; say another --state, or remove it")
    }

    private func journal(_ record: EvaluationRecord, into features: FeatureStore) throws -> EvaluationJournal? {
        guard let path = statePath else {
            if resume {
                throw CommandFailure(.usage, "--resume needs --state, --dump or --report, where the state lies")
            }
            return nil
        }
        return try EvaluationJournal(path: path, record: record, part: share.text, into: features)
    }

    /// The part of the list that this process does.
    private var share: Part { ranks.map { Part(index: $0.rank, count: $0.count) } ?? part }

    /// Seconds that this took.
    private func evaluate(
        _ entries: [ClipEntry], model: Model, views: ViewProtocol, store: any ClipStore,
        weights: ModelWeights, features: FeatureStore, journal: EvaluationJournal?
    ) throws -> Double {
        let mine = entries.indices.count { $0 % share.count == share.index }
        let places = features.pending.filter { $0 % share.count == share.index }
        let (before, unreadableBefore) = (mine - places.count, features.failures)
        guard !places.isEmpty else { return 0 }
        let loader = self.loader(places.map { entries[$0] }, model: model, views: views, store: store)
        defer { loader.cancel() }
        let interruption = Interruption { loader.cancel() }
        let progress = Mutex(
            EvalProgress(total: mine, before: before, isShown: StandardError.isTerminal && isFirst))
        let outcome = try EvaluationRun(store: features, journal: journal, places: places, views: views).run(
            threads: workers,
            makeSession: {
                try RecognizerSession(
                    weights: weights, geometry: model.geometry, backend: model.backend,
                    capacity: ClipEncoder.capacity(views, geometry: model.geometry))
            },
            next: { interruption.isRequested ? nil : loader.next() },
            name: { entries[$0].name.escapedForLog },
            progress: { done, unreadable in
                progress.withLock { $0.show(done: done, unreadable: unreadableBefore + unreadable) }
            })
        progress.withLock { $0.clear() }
        guard outcome.done == places.count else {
            let hint =
                journal.map { "; the same command with --resume continues from \($0.path)" } ?? "; nothing is kept"
            throw CommandFailure(.tempFail, "interrupted after \(before + outcome.done) of \(mine) clips\(hint)")
        }
        return outcome.seconds
    }

    private func loader(
        _ entries: [ClipEntry], model: Model, views: ViewProtocol, store: any ClipStore
    ) -> ClipLoader {
        let geometry = model.geometry
        return ClipLoader(
            store: store, entries: entries, geometry: geometry, mean: model.config.mean,
            deviation: model.config.deviation,
            options: ClipLoaderOptions(
                threads: settings.readers ?? workers, clipBytes: views.count * geometry.clipBytes)
        ) { index, total in views.views(of: total, clip: entries[index].name) }
    }

    /// Rank 0 is the one that tells and writes.
    private var isFirst: Bool { ranks.map { $0.rank == 0 } ?? true }

    /// Brings every rank's clips into rank 0's store. Returns the places in the list that this process now has; nil on the
    /// ranks that gave theirs away.
    private func gather(_ features: FeatureStore) throws -> [Int]? {
        let places = features.outcomes.indices.filter { $0 % share.count == share.index }
        guard let ranks else { return places }
        if ranks.rank > 0 {
            for place in places { try features.send(place, to: 0, of: ranks) }
            return nil
        }
        for place in features.outcomes.indices where place % ranks.count != 0 {
            try features.receive(place, from: place % ranks.count, of: ranks)
        }
        return Array(features.outcomes.indices)
    }
}
