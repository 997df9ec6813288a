import Foundation
import Recognizer

/// Trains on noise, alone and in a group, and takes the time.
struct ScalingRun {
    let geometry: ModelGeometry
    let batch: Int
    let classes: Int
    let trainsText: Bool
    let workers: Int
    let rounds: Int
    /// (B, T, N, 3*P*P)
    private let patches: [Float]
    /// (B, C)
    private let targets: [Float]
    /// (C, tokens)
    private let texts: [[Int32]]

    init(geometry: ModelGeometry, batch: Int, classes: Int, trainsText: Bool, workers: Int, rounds: Int) {
        self.geometry = geometry
        self.batch = batch
        self.classes = classes
        self.trainsText = trainsText
        self.workers = workers
        self.rounds = rounds
        var generator = SplitMix(state: 2)
        patches = (0..<batch * geometry.frames * geometry.patches * geometry.patchValues).map { _ in
            generator.symmetric()
        }
        targets = (0..<batch * classes).map { Float($0 % classes == 0 ? 1 : 0) }
        let end = Int32(geometry.vocabularySize - 1)
        texts = (0..<classes).map { [end - 1, Int32($0 + 1), 300, 301, 302, 303, end] }
    }

    /// What a rank does without the others' gradients, while the others do the same.
    func alone(besides ranks: RankGroup?) throws -> ScalingModel {
        let step = try makeStep(ranks: nil)
        var models: [ScalingModel] = []
        for round in 0...rounds {
            _ = try ranks?.gather([])
            let begin = ContinuousClock.now
            var stretches: [ScalingModel.Stretch] = []
            accumulate(step) {
                stretches.append(
                    ScalingModel.Stretch(
                        byteCount: 4 * $0.values.count, ready: (ContinuousClock.now - begin) / .seconds(1)))
            }
            let end = (ContinuousClock.now - begin) / .seconds(1)
            _ = step.update()
            let total = (ContinuousClock.now - begin) / .seconds(1)
            if round > 0 {
                models.append(ScalingModel(stretches: stretches, backwardEnd: end, weightStep: total - end))
            }
        }
        models.sort { $0.alone < $1.alone }
        return models[models.count / 2]
    }

    /// Median seconds of an update of the group, of its slowest rank; and of each stretch's sum by itself.
    func shared(_ ranks: RankGroup, _ model: ScalingModel) throws -> (update: Double, sums: [Double]) {
        let step = try makeStep(ranks: ranks)
        let update = try median(ranks) {
            accumulate(step)
            try step.completeGradients()
            _ = step.update()
        }
        let longest = model.stretches.map { $0.byteCount / 4 }.max() ?? 0
        let values = UnsafeMutableBufferPointer<Float>.allocate(capacity: longest)
        values.initialize(repeating: 0)
        defer { values.deallocate() }
        let sums = try model.stretches.map { stretch in
            try median(ranks) {
                try ranks.sum(UnsafeMutableBufferPointer(rebasing: values[..<(stretch.byteCount / 4)]))
            }
        }
        return (update, sums)
    }

    private func median(_ ranks: RankGroup, _ body: () throws -> Void) throws -> Double {
        var times: [Double] = []
        for round in 0...rounds {
            _ = try ranks.gather([])
            let begin = ContinuousClock.now
            try body()
            let own = (ContinuousClock.now - begin) / .seconds(1)
            let all = try ranks.gather(withUnsafeBytes(of: own) { Array($0) })
            if round > 0 {
                times.append(all.map { $0.withUnsafeBytes { $0.loadUnaligned(as: Double.self) } }.max() ?? 0)
            }
        }
        return times.sorted()[times.count / 2]
    }

    private func makeStep(ranks: RankGroup?) throws -> TrainingStep {
        var options = TrainingOptions(schedule: CosineSchedule(base: 1e-5, floor: 1e-7, warmUp: 1, updates: 1000))
        if !trainsText { options.trained.remove(.text) }
        return try TrainingStep(
            weights: InitialWeights.random(geometry, seed: 1), geometry: geometry, options: options,
            capacity: TrainingCapacity(clips: batch, prompts: 1, classes: classes),
            pool: WorkerPool(workers: workers), ranks: ranks)
    }

    private func accumulate(_ step: TrainingStep, observer: GradientStretch.Observer? = nil) {
        patches.withUnsafeBufferPointer { patches in
            targets.withUnsafeBufferPointer { targets in
                guard let clips = patches.baseAddress, let targets = targets.baseAddress else { return }
                _ = step.accumulate(
                    TrainingStep.Batch(
                        clips: .patches(clips), count: batch, targets: targets, prompts: .tokens([texts])),
                    observer: observer)
            }
        }
    }
}
