import Foundation
import TestSupport
import Testing

@testable import Recognizer

/// What several processes learn together, against what one learns from the same clips. The processes are this one again, started by
/// `mpirun`.
@Suite(.tags(.mpi), .timeLimit(.minutes(2))) struct RankTrainingTests {
    /// Where a process of a group puts what came of it.
    private static let resultVariable = "CLAVERD_RANK_RESULT"
    private static let mpirun = "/usr/bin/mpirun"
    private static let hasMPI = FileManager.default.isExecutableFile(atPath: mpirun)
    private static let variables = ProcessInfo.processInfo.environment

    private static let updates = 10
    private static let clips = 4
    private static let geometry = RandomModel.geometry(spatialLayers: 2, temporalLayers: 2, mask: .kmt)
    private static let options = TrainingCase.options {
        $0.accumulation = 2
        $0.dropPath = 0.2
        $0.averageDecay = 0.9
        $0.optimizer.gradientLimit = 1
    }

    /// What came of a run.
    private struct Learned: Codable, Equatable {
        /// Of each update, over all clips.
        var losses: [Double] = []
        /// Of each update.
        var norms: [Double] = []
        var weights: [String: [Float]] = [:]
    }

    /// Trains on one part of each batch.
    private static func learn(rank: Int, ranks: Int, group: RankGroup?) throws -> Learned {
        let own = clips / ranks
        let whole = TrainingCase.random(geometry, clips: clips)
        let step = try TrainingStep(
            weights: rank == 0 ? whole.weights : RandomModel.state(geometry, seed: 99), geometry: geometry,
            options: options, capacity: TrainingCapacity(clips: own, prompts: 2, classes: 4),
            pool: WorkerPool(workers: 1), ranks: group)
        try step.takeOverFirstRank()
        var learned = Learned()
        for update in 0..<updates {
            var loss = 0.0
            for place in 0..<2 {
                let batch = TrainingCase.random(geometry, clips: clips, seed: UInt64(10 + 2 * update + place))
                let part = TrainingCase(
                    geometry: geometry, weights: whole.weights,
                    patches: Array(batch.patches[share(batch.patches.count, rank, ranks)]), clips: own,
                    targets: Array(batch.targets[share(batch.targets.count, rank, ranks)]), prompts: batch.prompts)
                loss += try part.accumulate(step).loss / 2
            }
            try step.completeGradients()
            learned.norms.append(step.update())
            let losses = try group?.gather(withUnsafeBytes(of: loss) { Array($0) }) ?? []
            let all = losses.map { bytes in bytes.withUnsafeBytes { $0.loadUnaligned(as: Double.self) } }
            learned.losses.append(group == nil ? loss : all.reduce(0, +) / Double(ranks))
        }
        learned.weights = (step.averagedWeights ?? step.weights).tensors.mapValues { $0.floats().values }
        return learned
    }

    private static func share(_ count: Int, _ rank: Int, _ ranks: Int) -> Range<Int> {
        rank * count / ranks..<(rank + 1) * count / ranks
    }

    /// Runs a test of this suite in several processes, and returns what each wrote.
    private func inRanks(_ count: Int, _ test: String) throws -> [Data] {
        try withTemporaryDirectory { directory in
            var environment = Self.variables
            environment[Self.resultVariable] = directory
            let run = try ProgramRun(
                Self.mpirun,
                [
                    "--allow-run-as-root", "--oversubscribe", "-n", "\(count)",
                    URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().path, "--testing-library",
                    "swift-testing",
                    "--filter", "RankTrainingTests/\(test)",
                ], environment: environment)
            #expect(run.status == 0, "\(run.output)\(run.error)")
            return try (0..<count).map { try Data(contentsOf: URL(filePath: "\(directory)/\($0)")) }
        }
    }

    @Test(.enabled(if: hasMPI && variables[resultVariable] == nil), arguments: [2, 4])
    func ranksLearnWhatOneProcessLearns(count: Int) throws {
        let expected = try Self.learn(rank: 0, ranks: 1, group: nil)
        let files = try inRanks(count, "trainsInAGroup")
        #expect(Set(files).count == 1, "every rank has the same weights, bit for bit")
        let learned = try JSONDecoder().decode(Learned.self, from: files[0])
        #expect(learned.losses.count == Self.updates)
        for (actual, expected) in zip(learned.losses, expected.losses) {
            #expect(abs(actual - expected) <= 1e-6 * expected)
        }
        for (actual, expected) in zip(learned.norms, expected.norms) {
            #expect(abs(actual - expected) <= 1e-5 * expected)
        }
        #expect(learned.losses[9] != learned.losses[0])
    }

    @Test(.enabled(if: variables[resultVariable] != nil)) func trainsInAGroup() throws {
        let group = try #require(try RankGroup.start(environment: Self.variables))
        let learned = try Self.learn(rank: group.rank, ranks: group.count, group: group)
        try write(try encoded(learned), rank: group.rank)
        group.finish()
    }

    @Test(.enabled(if: hasMPI && variables[resultVariable] == nil))
    func aRankWithoutABatchTakesPartInTheUpdate() throws {
        let files = try inRanks(2, "updatesWithABatchOnTheFirstRankOnly")
        #expect(Set(files).count == 1)
    }

    @Test(.enabled(if: variables[resultVariable] != nil)) func updatesWithABatchOnTheFirstRankOnly() throws {
        let group = try #require(try RankGroup.start(environment: Self.variables))
        let it = TrainingCase.random(Self.geometry, clips: 2)
        let step = try TrainingStep(
            weights: it.weights, geometry: Self.geometry, options: Self.options,
            capacity: TrainingCapacity(clips: 2, prompts: 2, classes: 4), pool: WorkerPool(workers: 1), ranks: group)
        if group.rank == 0 { try it.accumulate(step) }
        try step.completeGradients()
        let norm = step.update()
        #expect(norm > 0 && step.updates == 1)
        // An update that is given up leaves nothing behind.
        try it.accumulate(step)
        try step.completeGradients()
        step.discard()
        #expect(try group.gather([UInt8(group.rank)]) == [[0], [1]])
        try write(
            try encoded(Learned(norms: [norm], weights: step.weights.tensors.mapValues { $0.floats().values })),
            rank: group.rank)
        group.finish()
    }

    private func encoded(_ learned: Learned) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return try encoder.encode(learned)
    }

    private func write(_ data: Data, rank: Int) throws {
        let directory = try #require(Self.variables[Self.resultVariable])
        try data.write(to: URL(filePath: "\(directory)/\(rank)"))
    }
}
