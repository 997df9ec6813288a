import ArgumentParser
import Foundation
import Pipeline
import Recognizer

struct PromptsGenerateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate", abstract: "Have a language model write texts about each class.",
        discussion: """
            Works with every server of OpenAI's chat-completions protocol: llama.cpp, vLLM, Ollama, OpenAI and others. The key, \
            where one is needed, comes from $CLAVERD_LLM_KEY or $OPENAI_API_KEY. Writes a file per family to the output \
            directory, rows of id;name, for eval --prompts. Run again, the same command asks only for what is missing.
            """)

    @Option(help: ArgumentHelp("The classes: a labels.csv (id,name).", valueName: "csv"))
    var labels: String

    @Option(help: "What the texts say about an action.")
    var family = Family.all

    @Option(help: ArgumentHelp("The directory for the files; made if it does not exist.", valueName: "dir"))
    var output: String

    @Option(
        help: ArgumentHelp(
            "The model that will read the texts, a directory or a name on the model path: its tokenizer counts what fits.",
            valueName: "model"))
    var model: String

    @Option(help: ArgumentHelp("Where the language model is served.", valueName: "url"))
    var endpoint = "http://127.0.0.1:8080/v1"

    @Option(
        help: ArgumentHelp(
            "The language model's name there; by default the only one that is served.", valueName: "name"))
    var llm: String?

    @Option(help: "Texts for each class.")
    var perClass = 5

    @Option(help: "How freely the language model writes.")
    var temperature = 0.9

    @Option(help: "The share of likely words that it chooses from.")
    var topP = 0.95

    @Option(help: "Classes asked about at the same time.")
    var concurrency = 4

    @Option(help: "How long to wait for an answer.")
    var timeout = "2m"

    @Option(help: "How often a request is sent again after a failure that may pass.")
    var retries = 6

    @Flag(help: "Print what would be asked about the first class of each family, and ask nothing.")
    var dryRun = false

    @Flag(help: "With --dry-run, print it for every class.")
    var verbose = false

    @Flag(help: "Print JSON; with --dry-run, a request per line.")
    var json = false

    enum Family: String, ExpressibleByArgument, CaseIterable {
        case decomposition
        case bodyParts = "body-parts"
        case synonyms, scene, all

        var chosen: [InterpretiveFamily] {
            InterpretiveFamily(rawValue: rawValue).map { [$0] } ?? InterpretiveFamily.allCases
        }
    }

    func validate() throws {
        guard (1...100).contains(perClass) else {
            throw ValidationError("--per-class must be in 1...100, not \(perClass)")
        }
        guard (0...2).contains(temperature) else {
            throw ValidationError("--temperature must be in 0...2, not \(temperature)")
        }
        guard topP > 0, topP <= 1 else { throw ValidationError("--top-p must be above 0 and at most 1, not \(topP)") }
        guard (1...256).contains(concurrency) else {
            throw ValidationError("--concurrency must be in 1...256, not \(concurrency)")
        }
        guard (0...100).contains(retries) else { throw ValidationError("--retries must be in 0...100, not \(retries)") }
        guard let limit = SettingsReader.duration(from: timeout), limit >= .milliseconds(1), limit <= .seconds(86_400)
        else {
            throw ValidationError("--timeout expects a duration such as 30s or 2m, not \(timeout.escapedForLog)")
        }
    }

    func run() async throws {
        let endpoint = try ChatEndpoint(endpoint)
        let key = try ChatKey(environment: ProcessInfo.processInfo.environment)
        guard key == nil || endpoint.keepsSecrets else {
            throw CommandFailure(
                .usage,
                "\(endpoint.shown): the key in the environment would cross the network readable; use https, or unset it"
            )
        }
        let reader = try readingModel()
        let order = PromptOrder(
            labels: try ListFile.labels(labels), families: family.chosen, count: perClass,
            limit: TextLimit(
                tokenizer: try Tokenizer(directory: reader), contextLength: reader.config.geometry.contextLength),
            reader: "\(reader.config.name)@\(reader.weightsDigest.prefix(12))", output: output, llm: llm,
            temperature: temperature, topP: topP, concurrency: concurrency)
        if dryRun {
            print(try order.requestText(all: verbose, json: json), terminator: "")
            return
        }
        let client = ChatClient(
            endpoint: endpoint, key: key,
            timeLimit: SettingsReader.duration(from: timeout) ?? .seconds(120), retries: RetryPolicy(limit: retries))
        let work = Task { try await order.carryOut(client) }
        let interruption = Interruption { work.cancel() }
        defer { withExtendedLifetime(interruption) {} }
        let report = try await work.value
        print(json ? report.document.pretty : report.text)
        if let complaint = report.complaint { throw CommandFailure(.dataError, complaint) }
    }

    private func readingModel() throws -> ModelDirectory {
        MappedFileFault.exitOnTruncation()
        return try ModelDirectory.open(ModelPath.fromHere(model))
    }
}
