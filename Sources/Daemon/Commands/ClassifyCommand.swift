import ArgumentParser
import Foundation
import Pipeline
import Recognizer

struct ClassifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "classify", abstract: "Say which actions a video file shows, and when.",
        discussion: """
            Prints a row for each stretch of time with the same top action. With --json, every window with all its scores. \
            Text in --actions needs no training: write what should be told apart.
            """)

    @Argument(help: "The video file.")
    var file: String

    @Option(help: "A model's directory, or its name on the model path.")
    var model = "demo"

    @Option(
        help: ArgumentHelp(
            "Actions to tell apart, separated by commas; the model's own by default.", valueName: "a,b,c"))
    var actions: String?

    @Option(help: "Stream time from one sampled frame to the next.")
    var every = "300ms"

    @Option(help: "Sampled frames from one window to the next.")
    var hop = 1

    @Option(help: "How many actions a row shows.")
    var top = 3

    @Flag(help: "One answer for the whole file: the middle frame of each of T equal parts.")
    var clip = false

    @Option(help: Precision.help)
    var precision = Precision.auto

    @Option(help: "Threads that compute.")
    var workers = Processors.count

    @Option(
        help: ArgumentHelp("Write a page that shows the scores and where the model looks.", valueName: "page.html"))
    var explain: String?

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        guard let period = SettingsReader.duration(from: every), period >= .milliseconds(1), period <= .seconds(3600)
        else {
            throw ValidationError("--every expects a duration such as 300ms or 2s, not \(every.escapedForLog)")
        }
        guard (1...10_000).contains(hop) else { throw ValidationError("--hop must be in 1...10000, not \(hop)") }
        guard (1...100).contains(top) else { throw ValidationError("--top must be in 1...100, not \(top)") }
        guard (1...1024).contains(workers) else {
            throw ValidationError("--workers must be in 1...1024, not \(workers)")
        }
    }

    func run() throws {
        try InputFile.check(file)
        if let explain { try OutputFile.check(explain, option: "--explain", inputs: [file]) }
        let environment = ConfigurationEnvironment.current
        let model = try Model(path: ModelPath.fromHere(model), on: .forCommand(precision, workers: workers))
        let vocabulary = try model.vocabulary(
            model.withOwnPrompts(try texts(model)), cache: TextFeatureCache(directory: environment.cacheDirectory))
        let classification = Classification(model: model, vocabulary: vocabulary, file: file)
        let explained = ExplainedFile(model: model, vocabulary: vocabulary, file: file, workers: workers)
        if clip {
            let patches = try WholeClip(model.config).patches(of: file)
            let scores = try classification.wholeClip(patches)
            if let explain { try explained.write(patches: patches, scores: scores, to: explain) }
            print(json ? try classification.json(scores: scores) : classification.table(scores: scores, top: top))
        } else {
            let period = SettingsReader.duration(from: every) ?? .milliseconds(300)
            let windows = try classification.windows(period: period, hop: hop, progress: ProgressLine(file: file))
            guard !windows.isEmpty else {
                let needed = period.inSeconds * Double(model.geometry.frames - 1)
                throw CommandFailure(
                    .dataError,
                    "\(file): too short for a window of \(model.geometry.frames) frames each \(every), which needs \(needed) s; "
                        + "lower --every, or ask for one answer with --clip")
            }
            if let explain { try explained.write(windows: windows, period: period, hop: hop, to: explain) }
            let step = period.inSeconds * Double(hop)
            print(
                json
                    ? try classification.json(windows: windows)
                    : classification.table(windows: windows, step: step, top: top))
        }
    }

    /// The texts asked for, with the model's ignored ones beside a single action, which would have nothing to compete with.
    private func texts(_ model: Model) throws -> [ActionText] {
        guard let actions else {
            guard model.config.labels.count > 1 else {
                throw CommandFailure(
                    .usage, "model \(model.config.name) has no labels of its own; say --actions \"a,b,c\"")
            }
            return model.config.labels.map { ActionText(label: $0) }
        }
        var names = actions.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
        if let twice = names.first(where: { name in names.filter { $0 == name }.count > 1 }) {
            throw CommandFailure(.usage, "--actions names \"\(twice.escapedForLog)\" twice")
        }
        if names.count == 1 { names += model.config.ignore.filter { $0 != names[0] } }
        guard names.count > 1 else {
            throw CommandFailure(.usage, "--actions needs at least two texts, as each is scored against the others")
        }
        return names.map { ActionText(label: $0) }
    }
}
