import ArgumentParser
import Foundation
import Pipeline
import Recognizer

struct EvalCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "eval", abstract: "Measure a model on a data set.",
        discussion: """
            Scores every clip of a list and prints top-1 and top-5. Clips that cannot be read count as wrong and are named. \
            A recipe is a YAML file with the same settings; what stands on the command line comes before it. \
            With --dump, --report or --state an interrupted run continues with --resume. Started by mpirun, the processes \
            share the list. Exits with 1 below --min-top1, with 65 above --max-bad, with 75 when interrupted.
            """)

    @Argument(help: "A recipe, such as etc/recipes/k400-b16-8.yaml.")
    var recipe: String?

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp("Change a setting of the recipe; repeatable.", valueName: "key=value"))
    var assignments: [String] = []

    @Option(help: "A model's directory, or its name on the model path.")
    var model: String?

    @Option(help: "The clips: a folder, or an uncompressed .tar.")
    var data: String?

    @Option(help: "The list: a line NAME CLASS for each clip.")
    var list: String?

    @Option(help: "Classes as id,name rows; the model's own by default.")
    var labels: String?

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Sentences with {} for the class; the model's own by default.", valueName: "text"))
    var templates: [String] = []

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Files of further prompts as id;name rows, one file for each family.", valueName: "file"))
    var prompts: [String] = []

    @Option(help: "Views in time and space: 1 to 64 clips times 1 (centre) or 3 crops. (default: 1x1)")
    var views: String?

    @Option(help: "Frames from equal segments of the whole clip, or a dense stretch. (default: segments)")
    var sampling: EvalSettings.Sampling?

    @Option(help: "Frames from one to the next of a dense stretch. (default: 64/T)")
    var stride: Int?

    @Option(help: "Draw the frames at random instead of equidistantly.")
    var seed: UInt64?

    @Option(help: ArgumentHelp("Write report.json and report.html there.", valueName: "directory"))
    var report: String?

    @Option(help: ArgumentHelp("Write features and scores, as safetensors.", valueName: "file"))
    var dump: String?

    @Option(
        help: ArgumentHelp(
            "Where an interrupted run leaves its state. (default: beside the dump or report)", valueName: "file"))
    var state: String?

    @Flag(help: "Continue an interrupted run.")
    var resume = false

    @Option(help: ArgumentHelp("Score a dump again, without clips.", valueName: "file"))
    var fromDump: String?

    @Option(
        parsing: .upToNextOption, help: ArgumentHelp("Put the dumps of all --shard runs together.", valueName: "file"))
    var merge: [String] = []

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Set two runs side by side, by their dumps or reports.", valueName: "path"))
    var compare: [String] = []

    @Option(help: ArgumentHelp("Do only part i of n of the list; needs --dump.", valueName: "i/n"))
    var shard: String?

    @Option(help: ArgumentHelp("Exit with 1 below this top-1, such as 80% or 0.8.", valueName: "share"))
    var minTop1: String?

    @Option(help: ArgumentHelp("Most clips that may be unreadable. (default: 5%)", valueName: "share"))
    var maxBad: String?

    @Flag(help: "Also print what each family of prompts contributes.")
    var ablatePrompts = false

    @Option(help: "Take only the first clips of the list.")
    var limit: Int?

    @Option(help: "The arithmetic of matrix products: f32, bf16 or int8. (default: f32)")
    var precision: Precision?

    @Option(help: "Threads that compute. (default: the cores)")
    var workers: Int?

    @Option(help: "Threads that read clips. (default: as many as compute)")
    var readers: Int?

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        func check(_ name: String, _ value: Int?, _ range: ClosedRange<Int>) throws {
            if let value, !range.contains(value) {
                let limits =
                    range.upperBound == .max
                    ? "at least \(range.lowerBound)" : "in \(range.lowerBound)...\(range.upperBound)"
                throw ValidationError("--\(name) must be \(limits), not \(value)")
            }
        }
        try check("workers", workers, 1...1024)
        try check("readers", readers, 1...256)
        try check("stride", stride, 1...10_000)
        try check("limit", limit, 1...Int.max)
        if let views, ViewProtocol.counts(views) == nil {
            throw ValidationError(
                "--views expects 1 to \(ViewProtocol.mostClips) clips times 1 or 3 crops, such as 4x3, not \(views.escapedForLog)"
            )
        }
        for (name, text) in [("min-top1", minTop1), ("max-bad", maxBad)] {
            if let text, EvalSettings.share(text) == nil {
                throw ValidationError("--\(name) expects a share such as 5% or 0.05, not \(text.escapedForLog)")
            }
        }
        if let shard, EvalRunner.Part(shard) == nil {
            throw ValidationError("--shard expects i/n with i from 0 to n-1, such as 0/4, not \(shard.escapedForLog)")
        }
        let modes = [fromDump != nil, !merge.isEmpty, !compare.isEmpty, shard != nil || resume].count { $0 }
        guard modes < 2 else {
            throw ValidationError("--from-dump, --merge, --compare and --shard or --resume exclude each other")
        }
        guard compare.isEmpty || compare.count == 2 else {
            throw ValidationError("--compare expects two dumps or reports, not \(compare.count)")
        }
    }

    /// What is said and would have no effect is a misunderstanding. A recipe may say more than a mode takes.
    private func refuseUnused(_ said: EvalSettings) throws {
        let mode: String
        var unused: [(String, Bool)] = [
            ("list", said.list != nil), ("views", said.views != nil), ("sampling", said.sampling != nil),
            ("stride", said.stride != nil), ("seed", said.seed != nil), ("limit", said.limit != nil),
            ("state", said.state != nil), ("readers", said.readers != nil),
        ]
        if !compare.isEmpty {
            mode = "compare"
            unused += [
                ("model", said.model != nil), ("data", said.data != nil), ("labels", said.labels != nil),
                ("templates", said.templates != nil), ("prompts", said.prompts != nil), ("dump", said.dump != nil),
                ("min-top1", said.minTop1 != nil), ("max-bad", said.maxBad != nil), ("ablate-prompts", ablatePrompts),
                ("precision", said.precision != nil), ("workers", said.workers != nil),
            ]
        } else if fromDump != nil || !merge.isEmpty {
            mode = fromDump != nil ? "from-dump" : "merge"
        } else {
            return
        }
        if let (name, _) = unused.first(where: \.1) {
            throw CommandFailure(.usage, "--\(name) has no effect with --\(mode), which scores no clips")
        }
    }

    func run() throws {
        let settings = try self.settings()
        try checkPlaces(settings)
        if compare.count == 2 { return try compared(settings) }
        let environment = ConfigurationEnvironment.current
        MappedFileFault.exitOnTruncation()
        if fromDump != nil || !merge.isEmpty {
            let dump = try fromDump.map { try EvaluationDump(path: $0) } ?? merged(settings)
            let scored = try rescored(dump, settings, environment)
            let outcome = try EvalOutcome(dump: scored, settings: settings, isJSON: json, ablates: ablatePrompts)
            try outcome.tell(cache: environment.cacheDirectory)
            return try outcome.judge()
        }
        let part = shard.flatMap { EvalRunner.Part($0) } ?? .whole
        if part != .whole, settings.dump == nil {
            throw CommandFailure(.usage, "--shard needs --dump, which --merge takes")
        }
        let ranks = try RankGroup.start(environment: environment.variables)
        let runner = EvalRunner(
            settings: settings, environment: environment, part: part, resume: resume, ranks: ranks)
        if let ranks {
            try evaluate(runner, ranks)
        } else if let outcome = try finished(runner) {
            if !outcome.hasTooManyUnreadable { runner.discardState() }
            try outcome.judge()
        }
    }

    /// Runs to the end and tells what came of it; nil on a rank that only contributed.
    private func finished(_ runner: EvalRunner) throws -> EvalOutcome? {
        guard let dump = try runner.run() else { return nil }
        let outcome = try EvalOutcome(
            dump: dump, settings: runner.settings, isJSON: json, ablates: ablatePrompts)
        try outcome.tell(cache: runner.environment.cacheDirectory)
        return outcome
    }

    /// The same in a group: no rank forgets its state before rank 0 has written the results.
    private func evaluate(_ runner: EvalRunner, _ ranks: RankGroup) throws {
        var outcome: EvalOutcome?
        do {
            guard shard == nil else {
                throw CommandFailure(.usage, "mpirun shares the list out itself; leave --shard away")
            }
            outcome = try finished(runner)
            if try ranks.agree(on: outcome?.hasTooManyUnreadable == false) { runner.discardState() }
        } catch {
            // The others may be waiting for this one.
            let report = FailureReport(error)
            StandardError.tell(report.line)
            ranks.abort(status: report.status.rawValue)
        }
        ranks.finish()
        try outcome?.judge()
    }

    /// The command line over `--set` over the recipe.
    private func settings() throws -> EvalSettings {
        let here = FileManager.default.currentDirectoryPath
        var settings = EvalSettings()
        settings.model = model
        settings.data = data
        settings.list = list
        settings.labels = labels
        settings.templates = templates.isEmpty ? nil : templates
        settings.prompts = prompts.isEmpty ? nil : prompts
        settings.views = views
        settings.sampling = sampling
        settings.stride = stride
        settings.seed = seed
        settings.report = report
        settings.dump = dump
        settings.state = state
        settings.minTop1 = minTop1.flatMap { EvalSettings.share($0) }
        settings.maxBad = maxBad.flatMap { EvalSettings.share($0) }
        settings.limit = limit
        settings.precision = precision
        settings.workers = workers
        settings.readers = readers
        let changed = settings.over(try EvalSettings(assignments: assignments, base: here))
        try refuseUnused(changed)
        let all = try recipe.map { changed.over(try EvalSettings(recipe: $0)) } ?? changed
        guard all.precision != .auto else {
            throw CommandFailure(.usage, "a measurement is in f32, bf16 or int8; auto leaves that to the machine")
        }
        return all
    }

    /// What is to be written must be possible before hours are spent on it.
    private func checkPlaces(_ settings: EvalSettings) throws {
        let inputs =
            [settings.data, settings.list, settings.labels, recipe, fromDump].compactMap { $0 }
            + (settings.prompts ?? []) + merge + compare + (settings.model.map(OutputFile.modelFiles) ?? [])
        if let report = settings.report {
            let files =
                compare.isEmpty
                ? [EvaluationReport.jsonName, EvaluationReport.htmlName]
                : [EvaluationComparison.jsonName, EvaluationComparison.htmlName]
            try OutputFolder.check(report, option: "--report", files: files, inputs: inputs)
        }
        guard compare.isEmpty else { return }
        let scoresClips = fromDump == nil && merge.isEmpty
        for (name, path) in [("dump", settings.dump), ("state", scoresClips ? settings.statePath : nil)] {
            // The folder of a report is made when there is something to put there.
            if let path, !settings.isInMissingReport(path) {
                try OutputFile.check(path, option: "--\(name)", inputs: inputs)
            }
        }
        if let dump = settings.dump, !OutputFile.isEmpty(dump), !EvaluationDump.isDump(dump) {
            throw CommandFailure(
                .cannotCreate, "--dump \(dump.escapedForLog): another file, which is no dump, is there")
        }
        if let dump = settings.dump, let state = settings.statePath,
            OutputFile.target(of: dump) == OutputFile.target(of: state)
        {
            throw CommandFailure(.usage, "--dump and --state are the same file")
        }
    }

    private func merged(_ settings: EvalSettings) throws -> EvaluationDump {
        let parts = try merge.map { (path: $0, dump: try EvaluationDump(path: $0)) }
        let beside = settings.dump.map { URL(filePath: $0).deletingLastPathComponent().path }
        return try EvaluationDump.merging(parts, directory: beside ?? FileManager.default.temporaryDirectory.path)
    }

    /// The dump with the prompts that are asked for, if any are.
    private func rescored(
        _ dump: EvaluationDump, _ settings: EvalSettings, _ environment: ConfigurationEnvironment
    ) throws -> EvaluationDump {
        guard settings.templates != nil || settings.prompts != nil || settings.labels != nil else { return dump }
        guard settings.model != nil else { throw CommandFailure(.usage, "other texts need --model, which reads them") }
        var settings = settings
        // As the dump's own texts were computed.
        settings.precision = settings.precision ?? Precision(rawValue: dump.record.precision)
        let runner = EvalRunner(settings: settings, environment: environment)
        let model = try runner.openModel()
        guard model.directory.weightsDigest == dump.record.weightsDigest else {
            throw CommandFailure(.dataError, "the dump is of model \(dump.record.model), not of \(model.identity)")
        }
        let labels =
            settings.labels == nil ? dump.vocabulary.labels : try EvalTexts.labels(settings.labels, model.config)
        if let worst = dump.clips.flatMap(\.classes).max(), worst >= labels.count {
            throw CommandFailure(.dataError, "the dump has clips of class \(worst), there are \(labels.count) labels")
        }
        let texts = try EvalTexts(settings, model: model, labels: labels)
        var scored = dump
        scored.vocabulary = try texts.vocabulary(
            model, cache: TextFeatureCache(directory: environment.cacheDirectory), workers: runner.workers)
        scored.families = texts.families
        scored.record.templates = texts.templates
        scored.record.promptFiles = texts.promptFiles
        scored.record.promptsDigest = texts.digest
        return scored
    }

    /// Sets two runs side by side: dumps, reports, or one of each.
    private func compared(_ settings: EvalSettings) throws {
        MappedFileFault.exitOnTruncation()
        let runs = try compare.map { path in
            var isDirectory: ObjCBool = false
            let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
            return exists && isDirectory.boolValue || path.hasSuffix(".json")
                ? try EvaluationReport.read(path) : try EvaluationSummary(EvaluationDump(path: path).result())
        }
        let comparison = try EvaluationComparison(a: runs[0], b: runs[1])
        if let directory = settings.report { try comparison.write(to: directory) }
        print(json ? try comparison.json : comparison.text)
    }
}

extension EvalSettings.Sampling: ExpressibleByArgument {}
