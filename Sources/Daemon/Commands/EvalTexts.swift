import Foundation
import Pipeline
import Recognizer
import Synchronization

/// The classes of an evaluation and every prompt for them.
struct EvalTexts {
    private let actions: [ActionText]
    /// Tokens of every prompt.
    let prompts: PromptSet
    let families: [PromptFamily]
    let templates: [String]
    let promptFiles: [String]
    /// SHA-256 over the prompts' tokens, hexadecimal.
    let digest: String

    /// Labels of a file, or the model's own.
    static func labels(_ file: String?, _ config: ModelConfig) throws -> [String] {
        let labels = try file.map { try ListFile.labels($0) } ?? config.labels
        guard labels.count > 1 else {
            throw CommandFailure(
                file == nil ? .usage : .dataError,
                file.map { "\($0): one class has nothing to be told apart from" }
                    ?? "model \(config.name) has no labels of its own; say --labels FILE")
        }
        return labels
    }

    /// A file of prompts, by class id.
    static func family(_ file: String, classes: Int) throws -> [[String]] {
        let rows = try ListFile.prompts(file)
        guard rows.count == classes else {
            throw CommandFailure(
                .dataError, "\(file): prompts for \(rows.count) classes, there are \(classes) labels")
        }
        return rows
    }

    /// - Throws: `CommandFailure` or `RecognizerError` for files and texts that do not fit.
    init(_ settings: EvalSettings, model: Model, labels: [String]) throws {
        let templates = settings.templates ?? model.config.templates
        var families = templates.isEmpty ? [] : [PromptFamily(name: PromptFamily.templates, count: templates.count)]
        var actions = labels.map { ActionText(label: $0) }
        if let files = settings.prompts {
            for file in files {
                let rows = try Self.family(file, classes: labels.count)
                if let other = rows.firstIndex(where: { $0.count != rows[0].count }) {
                    throw CommandFailure(
                        .dataError,
                        "\(file): class \(other) has \(rows[other].count) prompts, class 0 has \(rows[0].count); every class needs as many"
                    )
                }
                families.append(PromptFamily(name: Self.name(file, besides: families), count: rows[0].count))
                for index in actions.indices { actions[index].interpretations += rows[index] }
            }
        } else if labels == model.config.labels {
            actions = model.withOwnPrompts(actions)
            let own = actions[0].interpretations.count
            if own > 0 { families.append(PromptFamily(name: "model", count: own)) }
        }
        prompts = try PromptSet(
            actions: actions, templates: templates, tokenizer: model.tokenizer,
            contextLength: model.geometry.contextLength)
        digest = prompts.digest
        self.actions = actions
        self.families = families
        self.templates = templates
        promptFiles = settings.prompts ?? []
    }

    /// The features of every prompt. Each row (one prompt of each class) is computed by itself, so that they do not depend on
    /// how many threads there are, and stay in the cache for other ensembles.
    func vocabulary(_ model: Model, cache: TextFeatureCache?, workers: Int) throws -> Vocabulary {
        let ofTemplates = templates.map { template in (actions.map { ActionText(label: $0.label) }, [template]) }
        let ofFiles = (actions.first?.interpretations ?? []).indices.map { index in
            (actions.map { ActionText(label: $0.label, interpretations: [$0.interpretations[index]]) }, [String]())
        }
        let rows = ofTemplates + ofFiles
        let results = Mutex([Result<Vocabulary, any Error>?](repeating: nil, count: rows.count))
        let next = Mutex(0)
        DispatchQueue.concurrentPerform(iterations: min(workers, rows.count)) { _ in
            while true {
                let row = next.withLock { next in
                    defer { next += 1 }
                    return next
                }
                guard row < rows.count else { return }
                let result: Result<Vocabulary, any Error> = Result {
                    try model.vocabulary(rows[row].0, templates: rows[row].1, cache: cache)
                }
                results.withLock { all in all[row] = result }
            }
        }
        let parts = try results.withLock { all in all }.compactMap { result in try result?.get() }
        let shape = [parts.count, actions.count, model.geometry.embeddingWidth]
        return Vocabulary(
            labels: actions.map(\.label),
            features: Tensor(shape: shape, values: parts.flatMap(\.features.values)))
    }

    /// The file's name without directory and suffix, numbered if another family has it.
    private static func name(_ file: String, besides families: [PromptFamily]) -> String {
        let stem = URL(filePath: file).deletingPathExtension().lastPathComponent
        let taken = families.count { $0.name == stem || $0.name.hasPrefix(stem + " ") }
        return taken == 0 ? stem : "\(stem) \(taken + 1)"
    }
}
