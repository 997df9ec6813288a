import ArgumentParser
import Foundation
import Pipeline
import Recognizer

struct ModelQuantizeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quantize", abstract: "Find how a model computes in int8, and how well that agrees with float32.",
        discussion: """
            Scores windows of your videos in float32 and in int8, leaves layers in floating point that int8 harms most, and \
            writes the choice and its agreement into the model's config.json, from where "precision: int8" takes it. The \
            weights stay as they are. Nothing is written if fewer than 98.5 % of the windows have the same best action; \
            give it 500 windows or more of what your cameras see.
            """)

    @Argument(help: "A model's directory, or its name on the model path.")
    var model: String

    @Option(
        help: ArgumentHelp("A list of video files: one a line, class ids behind it are ignored.", valueName: "list"))
    var calibrate: String

    @Option(help: "Where the names in the list start. Default: the list's directory.")
    var folder: String?

    @Option(help: ArgumentHelp("Make a copy of the model there and leave the model itself alone.", valueName: "dir"))
    var out: String?

    @Option(
        help: ArgumentHelp(
            "Actions to tell apart, separated by commas; the model's own by default.", valueName: "a,b,c"))
    var actions: String?

    @Option(help: "Stream time from one sampled frame to the next.")
    var every = "300ms"

    @Option(help: "Threads that compute.")
    var workers = Processors.count

    func validate() throws {
        guard let period = SettingsReader.duration(from: every), period >= .milliseconds(1), period <= .seconds(3600)
        else {
            throw ValidationError("--every expects a duration such as 300ms or 2s, not \(every.escapedForLog)")
        }
        guard (1...1024).contains(workers) else {
            throw ValidationError("--workers must be in 1...1024, not \(workers)")
        }
    }

    func run() throws {
        let directory = try ModelDirectory.open(ModelPath.fromHere(model))
        if let out {
            try NewFolder.requireUnused(out)
        } else {
            try OutputFile.check(Self.config(in: directory.path), option: "the model", inputs: [])
        }
        let listFolder = URL(filePath: calibrate).deletingLastPathComponent().path
        let line = ProgressLine(file: directory.config.name)
        let outcome = try Quantisation(
            directory: directory, files: VideoList.read(calibrate, folder: folder ?? listFolder),
            actions: try texts(directory.config), period: SettingsReader.duration(from: every) ?? .milliseconds(300),
            pool: WorkerPool(workers: workers), progress: { line.show($0) }
        ).run()
        line.clear()
        let file = try write(outcome, directory)
        let layers = outcome.int8.floatLayers
        print(Self.row("int8", outcome.int8))
        if !layers.isEmpty { print("      in floating point: \(layers.joined(separator: ", "))") }
        if let bf16 = outcome.bf16 { print(Self.row("bf16", bf16)) }
        print("written to \(file)")
    }

    private static func row(_ name: String, _ agreement: PrecisionAgreement) -> String {
        String(
            format: "%@  the same best action as float32 in %.2f %% of %d windows", name, agreement.top1 * 100,
            agreement.windows)
    }

    private func texts(_ config: ModelConfig) throws -> [ActionText] {
        let names =
            actions?.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
            ?? config.labels
        guard Set(names).count == names.count, names.count > 1 else {
            throw CommandFailure(.usage, "at least two different actions are needed; say --actions \"a,b,c\"")
        }
        return names.map { ActionText(label: $0) }
    }

    private static func config(in model: String) -> String { model + "/" + ModelDirectory.configName }

    /// Writes the outcome into the model's `config.json`, or into a copy's.
    private func write(_ outcome: Quantisation.Outcome, _ directory: ModelDirectory) throws -> String {
        // As written, without what other files of the directory add.
        let source = Self.config(in: directory.path)
        let file = try MappedFile(source)
        defer { withExtendedLifetime(file) {} }
        var config = try ModelConfig(json: file.bytes, path: source, defaultName: directory.config.name)
        config.int8 = outcome.int8
        config.bf16 = outcome.bf16 ?? config.bf16
        // The new file is younger than the weights, so the digest in it will be believed.
        if config.provenance?.sha256 != nil { config.provenance?.sha256 = directory.weightsDigest }
        guard let out else {
            try ReplacementFile.write(config.json, to: OutputFile.target(of: source))
            return source
        }
        // What links lead to, which may be said from where they stand. The new folder may lie in the model's.
        let files = OutputFile.modelFiles(directory.path).filter { !$0.hasSuffix("/" + ModelDirectory.configName) }
        let folder = try NewFolder(out)
        for file in files where OutputFile.isRegular(file) {
            try folder.copy(OutputFile.target(of: file), as: URL(filePath: file).lastPathComponent)
        }
        try folder.write(config.json, as: ModelDirectory.configName)
        try folder.commit()
        return Self.config(in: FileTree.place(of: out))
    }
}
