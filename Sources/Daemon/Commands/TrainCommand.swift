import ArgumentParser
import Foundation
import Pipeline
import Recognizer

struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train", abstract: "Train a model on a data set.",
        discussion: """
            A recipe is a YAML file of settings; --set changes them, and what stands on the command line comes before both. \
            The output folder gets the resolved recipe, a log, a page with curves, a checkpoint, and the model of the last and \
            of the best epoch as directories for eval and run. SIGINT and SIGTERM finish the update, save and exit with 75; \
            --resume auto goes on, also after a crash. Started by mpirun, the processes share every update. Exits with 65 above max_bad, with 70 when the numbers are no longer finite.
            """)

    enum Resume: String, CaseIterable, ExpressibleByArgument {
        case never, auto
    }

    @Option(help: "A recipe, such as etc/recipes/train-k400-b16-8.yaml.")
    var recipe: String?

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp("Change a setting of the recipe; repeatable.", valueName: "key=value"))
    var assignments: [String] = []

    @Option(help: "The model to start from: a directory, or a name on the model path.")
    var model: String?

    @Flag(help: "Start from random weights; the text is warmed up on the prompts and then frozen.")
    var fromScratch = false

    @Option(help: "The clips: a folder, or an uncompressed .tar.")
    var data: String?

    @Option(help: "The training list: a line NAME CLASS for each clip.")
    var list: String?

    @Option(help: "The validation list; without it nothing is measured.")
    var val: String?

    @Option(help: "Classes as id,name rows; the model's own by default.")
    var labels: String?

    @Option(help: ArgumentHelp("The folder of the run.", valueName: "directory"))
    var output: String?

    @Option(help: "Whether a run that is in the folder goes on.")
    var resume: Resume = .never

    @Option(help: "Epochs to train.")
    var epochs: Int?

    @Option(help: "Threads that compute. (default: the cores)")
    var workers: Int?

    @Option(help: "Threads that read clips. (default: as many as compute)")
    var readers: Int?

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        for (name, value, limit) in [
            ("epochs", epochs, 100_000), ("workers", workers, 1024), ("readers", readers, 256),
        ] {
            if let value, !(1...limit).contains(value) {
                throw ValidationError("--\(name) must be in 1...\(limit), not \(value)")
            }
        }
    }

    func run() throws {
        MappedFileFault.exitOnTruncation()
        let recipe = try complete()
        let environment = ConfigurationEnvironment.current
        let ranks = TrainingRanks(group: try RankGroup.start(environment: environment.variables))
        let runner = TrainRunner(recipe: recipe, environment: environment, resumes: resume == .auto, ranks: ranks)
        let position = try ranks.group.map { try train(runner, $0) } ?? runner.run()
        if ranks.isFirst { print(json ? summary(position, recipe).pretty : text(position, recipe)) }
    }

    /// Trains in a group. A failure that is this rank's alone ends all, which may be waiting for it.
    private func train(_ runner: TrainRunner, _ group: RankGroup) throws -> RunPosition {
        do {
            let position = try runner.run()
            group.finish()
            return position
        } catch let agreed as TrainingRanks.Agreed {
            if group.rank == 0 { StandardError.tell(agreed.failure.description.oneLine) }
            // mpirun ends the others as soon as one has ended with a status.
            _ = try group.gather([])
            group.finish()
            throw agreed.failure.status.code
        } catch {
            let report = FailureReport(error)
            StandardError.tell("rank \(group.rank) of \(group.count): \(report.line)")
            group.abort(status: report.status.rawValue)
        }
    }

    /// The command line over `--set` over the recipe over the defaults.
    private func complete() throws -> TrainRecipe {
        let here = FileManager.default.currentDirectoryPath
        var out = TrainRecipe()
        if let recipe { try out.read(file: recipe) }
        try out.read(assignments: assignments, base: here)
        func path(_ text: String) -> String {
            URL(filePath: text, relativeTo: URL(filePath: here, directoryHint: .isDirectory)).path
        }
        if let model { out.model = model.contains("/") ? path(model) : model }
        if fromScratch { out.isFromScratch = true }
        if let data { out.data = path(data) }
        if let list { out.list = path(list) }
        if let val { out.val = path(val) }
        if let labels { out.labels = path(labels) }
        if let output { out.output = path(output) }
        if let epochs { out.epochs = epochs }
        if let workers { out.workers = workers }
        if let readers { out.readers = readers }
        // A name may mean another model where the run's recipe is read again. One that is not found is told later.
        if let name = out.model, let found = try? ModelPath.fromHere(name) { out.model = path(found) }
        return out
    }

    private func text(_ position: RunPosition, _ recipe: TrainRecipe) -> String {
        var lines = ["trained    \(position.epoch) epochs in \(EvalProgress.time(position.seconds))"]
        let (best, last) = ("\(recipe.output ?? "")/best", "\(recipe.output ?? "")/last")
        let hasBest = RunBook.holdsModel(best)
        if let found = position.best {
            lines.append(
                "best       top-1 \(EvalOutcome.percent(found.top1)) after epoch \(found.epoch + 1)"
                    + (hasBest ? "" : ", a model that is lost"))
        }
        if position.quarantine.count > 0 {
            lines.append("left out   \(position.quarantine.count) of \(position.quarantine.clips) clips")
        }
        if position.skipped > 0 { lines.append("skipped    \(position.skipped) updates") }
        lines.append("model      \(hasBest ? best : last)")
        return lines.joined(separator: "\n")
    }

    private func summary(_ position: RunPosition, _ recipe: TrainRecipe) -> JSONText {
        .object([
            ("epochs", .integer(position.epoch)), ("seconds", .number(position.seconds)),
            ("best_top1", position.best.map { .number($0.top1) } ?? .null),
            ("best_epoch", position.best.map { .integer($0.epoch + 1) } ?? .null),
            ("left_out", .integer(position.quarantine.count)), ("skipped", .integer(position.skipped)),
            ("output", .optional(recipe.output)),
        ])
    }
}
