import Foundation
import Pipeline

/// What texts are wanted, about what, for whom, and from which language model.
struct PromptOrder: Sendable {
    /// Names of the classes by id.
    let labels: [String]
    let families: [InterpretiveFamily]
    /// Texts per class and family.
    let count: Int
    let limit: TextLimit
    /// The model that will read the texts.
    let reader: String
    /// The directory for the files.
    let output: String
    /// `nil`: the only one that the server offers.
    let llm: String?
    let temperature: Double
    let topP: Double
    /// Classes asked about at the same time.
    let concurrency: Int

    /// Asks for what the output directory lacks and writes it there. Throws `CommandFailure`, with status 75 when the calling
    /// task is cancelled; what is complete by then is on the disk.
    func carryOut(_ client: ChatClient) async throws -> PromptReport {
        let folder = try PromptFolder(output, labels: labels)
        try folder.claim()
        let files = try files()
        let before = files.map { labels.count - $0.file.pending.count }
        var outcome = PromptGeneration.Outcome()
        if files.contains(where: { !$0.file.pending.isEmpty }) {
            let llm = try await model(client)
            try folder.add(
                PromptFolder.Record.Run(
                    version: ClaverdVersion.current, started: Date(), endpoint: client.endpoint.shown, llm: llm,
                    temperature: temperature, topP: topP, perClass: count, model: reader,
                    contextLength: limit.contextLength, families: families))
            outcome = try await PromptGeneration(order: self, llm: llm, client: client).run(files)
        } else {
            for (_, file) in files { try file.finish() }
        }
        return PromptReport(order: self, before: before, outcome: outcome)
    }

    /// The first requests that `carryOut` would send: for the first class that lacks texts in each family, or for all of them.
    ///
    /// - Parameter json: the bodies as they would be sent, one per line.
    func requestText(all: Bool, json: Bool) throws -> String {
        _ = try PromptFolder(output, labels: labels)
        var out = ""
        for (family, file) in try files() {
            let pending = file.pending
            if pending.isEmpty, !json { out += "=== \(family.rawValue): every class has its texts ===\n\n" }
            for id in all ? pending[...] : pending.prefix(1) {
                let collection = PromptCollection(
                    family: family, action: labels[id], kept: file.texts[id], count: count, limit: limit)
                guard case .ask(let demand) = collection.next else { continue }
                if json {
                    let body = try ChatClient.body(request(demand, llm: llm ?? ""))
                    out += String(decoding: body, as: UTF8.self) + "\n"
                } else {
                    out += "=== \(family.rawValue): class \(id) \"\(labels[id].escapedForLog)\" ===\n"
                    for message in demand.messages(limit: limit) {
                        out += "[\(message.role.rawValue)]\n\(message.content)\n"
                    }
                    out += "\n"
                }
            }
        }
        return out
    }

    func request(_ demand: PromptDemand, llm: String) -> ChatRequest {
        ChatRequest(model: llm, temperature: temperature, topP: topP, messages: demand.messages(limit: limit))
    }

    private func files() throws -> [(family: InterpretiveFamily, file: PromptFile)] {
        try families.map { family in
            let path = "\(output)/\(family.fileName)"
            return (family, try PromptFile(path: path, classes: labels.count, count: count, limit: limit))
        }
    }

    private func model(_ client: ChatClient) async throws -> String {
        if let llm { return llm }
        let models: [String]
        do {
            models = try await client.models()
        } catch let reason as ChatClient.GivenUp {
            throw CommandFailure(
                reason.failure.exitStatus, "\(client.endpoint.shown): asked for its models: \(reason)")
        } catch is CancellationError {
            throw CommandFailure(.tempFail, "interrupted before anything was asked")
        }
        guard models.count == 1 else {
            let names = models.isEmpty ? "no model" : models.map(\.escapedForLog).joined(separator: ", ")
            throw CommandFailure(.usage, "\(client.endpoint.shown) offers \(names); say which with --llm")
        }
        return models[0]
    }
}
