import Foundation
import Pipeline

/// Asks a language model for the texts of all classes that lack them, several at a time, and files each class when it is complete.
struct PromptGeneration: Sendable {
    let order: PromptOrder
    /// The language model's name.
    let llm: String
    let client: ChatClient

    /// A class that the language model had too little to say about.
    struct Shortage: Sendable, Equatable {
        let family: InterpretiveFamily
        let id: Int
        let found: Int
    }

    struct Outcome: Sendable {
        var tally = PromptTally()
        /// Classes completed, each family's counted.
        var done = 0
        var shortages: [Shortage] = []
    }

    /// What is to be written about one class.
    struct Job: Sendable {
        let family: InterpretiveFamily
        let id: Int
        let kept: [String]
    }

    /// So many classes without texts, and none with them, say that the model is unfit.
    private static let hopelessCount = 5

    /// The classes that lack texts, family by family.
    static func jobs(_ files: [(family: InterpretiveFamily, file: PromptFile)]) -> [Job] {
        files.flatMap { family, file in
            file.pending.map { Job(family: family, id: $0, kept: file.texts[$0]) }
        }
    }

    /// Throws `CommandFailure` when a request fails for good, or when the calling task is cancelled; what is complete by then
    /// is on the disk.
    func run(_ files: [(family: InterpretiveFamily, file: PromptFile)]) async throws -> Outcome {
        let jobs = Self.jobs(files)
        let byFamily = Dictionary(uniqueKeysWithValues: files.map { ($0.family, $0.file) })
        let progress = PromptProgress(total: jobs.count)
        var outcome = Outcome()
        for (_, file) in files where file.pending.isEmpty { try file.finish() }
        for (_, file) in files where !file.pending.isEmpty { try file.begin() }
        progress.show(done: 0)
        defer { progress.clear() }
        do {
            try await withThrowingTaskGroup(of: Answered.self) { group in
                var waiting = jobs.makeIterator()
                for _ in 0..<order.concurrency {
                    guard let job = waiting.next() else { break }
                    group.addTask { try await answer(job) }
                }
                while let answered = try await group.next() {
                    outcome.tally += answered.tally
                    try file(answered, in: byFamily[answered.job.family], &outcome)
                    progress.show(done: outcome.done)
                    if let job = waiting.next() { group.addTask { try await answer(job) } }
                }
            }
        } catch is CancellationError {
            throw CommandFailure(.tempFail, "interrupted; \(progressText(outcome, jobs.count))")
        } catch let failure as JobFailure {
            let place =
                "class \(failure.job.id) \"\(order.labels[failure.job.id].escapedForLog)\", \(failure.job.family.rawValue)"
            throw CommandFailure(
                failure.reason.failure.exitStatus,
                "\(client.endpoint.shown): \(place): \(failure.reason); \(progressText(outcome, jobs.count))")
        }
        return outcome
    }

    private func progressText(_ outcome: Outcome, _ total: Int) -> String {
        "\(outcome.done) of \(total) classes are done and kept, the same command goes on from there"
    }

    private func file(_ answered: Answered, in file: PromptFile?, _ outcome: inout Outcome) throws {
        guard let file else { return }
        guard answered.isComplete else {
            outcome.shortages.append(
                Shortage(family: answered.job.family, id: answered.job.id, found: answered.texts.count))
            guard outcome.done > 0 || outcome.shortages.count < Self.hopelessCount else {
                throw CommandFailure(
                    .dataError,
                    "\(llm.escapedForLog): the first \(Self.hopelessCount) classes all lack texts after repeated requests; try"
                        + " another --llm, a lower --per-class, or look at what is asked with --dry-run")
            }
            return
        }
        try file.complete(answered.job.id, answered.texts)
        outcome.done += 1
        if file.pending.isEmpty { try file.finish() }
    }

    private struct Answered: Sendable {
        let job: Job
        let texts: [String]
        let isComplete: Bool
        let tally: PromptTally
    }

    private struct JobFailure: Error {
        let job: Job
        let reason: ChatClient.GivenUp
    }

    private func answer(_ job: Job) async throws -> Answered {
        var collection = PromptCollection(
            family: job.family, action: order.labels[job.id], kept: job.kept, count: order.count,
            limit: order.limit)
        var tally = PromptTally()
        while true {
            switch collection.next {
            case .complete(let texts), .short(let texts):
                tally += collection.tally
                return Answered(job: job, texts: texts, isComplete: texts.count == order.count, tally: tally)
            case .ask(let demand):
                do {
                    let (said, retryCount) = try await client.complete(order.request(demand, llm: llm))
                    tally.requests += 1
                    tally.retries += retryCount
                    collection.take(AnswerText(said.text, isCutOff: said.isCutOff).texts)
                } catch let reason as ChatClient.GivenUp {
                    throw JobFailure(job: job, reason: reason)
                }
            }
        }
    }
}
