import Recognizer
import TestSupport
import Testing

/// A batch, and a small model that trains on it.
struct TrainingCase {
    let geometry: ModelGeometry
    let weights: StateDict
    /// (B, T, N, 3*P*P)
    let patches: [Float]
    let clips: Int
    /// (B, C)
    let targets: [Float]
    /// (A, C, tokens)
    let prompts: [[[Int32]]]

    /// The golden batch of the small golden model.
    static func golden(_ name: String, _ mask: KroneckerMask) throws -> (TrainingCase, GoldenTensors) {
        let golden = try GoldenTensors(Golden.path("training/\(name).safetensors"))
        let geometry = GoldenModel.geometry(mask)
        return (
            TrainingCase(
                geometry: geometry, weights: try GoldenModel.state(),
                patches: PatchMatrix.of(try golden.floats("clips").values[...], geometry: geometry),
                clips: try golden.shape("clips")[0], targets: try golden.floats("target").values,
                prompts: try prompts(golden)), golden
        )
    }

    static func prompts(_ golden: GoldenTensors) throws -> [[[Int32]]] {
        let shape = try golden.shape("prompts_i64")
        let tokens = try golden.integers("prompts_i64").map { Int32($0) }
        return (0..<shape[0]).map { prompt in
            (0..<shape[1]).map { label in
                let begin = (prompt * shape[1] + label) * shape[2]
                return Array(tokens[begin..<begin + shape[2]])
            }
        }
    }

    /// Seeded weights, clips and texts of a geometry.
    static func random(
        _ geometry: ModelGeometry, clips: Int = 3, prompts: Int = 2, classes: Int = 4, seed: UInt64 = 1
    ) -> TrainingCase {
        var numbers = SeededNumbers(seed: seed)
        let targets = (0..<clips).flatMap { _ -> [Float] in
            let row = numbers.floats(classes, in: 0.1...1)
            let sum = row.reduce(0, +)
            return row.map { $0 / sum }
        }
        let texts = (0..<prompts).map { _ in
            (0..<classes).map { _ in
                [512]
                    + (0..<Int.random(in: 1...9, using: &numbers)).map { _ in Int32.random(in: 0..<512, using: &numbers)
                    }
                    + [513]
            }
        }
        return TrainingCase(
            geometry: geometry, weights: RandomModel.state(geometry, seed: seed),
            patches: numbers.floats(clips * geometry.frames * geometry.patches * geometry.patchValues), clips: clips,
            targets: targets, prompts: texts)
    }

    static func options(_ change: (inout TrainingOptions) -> Void = { _ in }) -> TrainingOptions {
        var options = TrainingOptions(schedule: CosineSchedule(base: 1e-3, floor: 1e-5, warmUp: 4, updates: 12))
        options.optimizer.weightDecay = 0.05
        change(&options)
        return options
    }

    func step(
        workers: Int = 2, options: TrainingOptions = Self.options(), textRows: Int = 4096
    ) throws -> TrainingStep {
        try TrainingStep(
            weights: weights, geometry: geometry, options: options,
            capacity: TrainingCapacity(
                clips: clips, prompts: prompts.count, classes: prompts[0].count, textRows: textRows),
            pool: WorkerPool(workers: workers))
    }

    /// Accumulates this batch.
    @discardableResult
    func accumulate(
        _ step: TrainingStep, prompts features: Tensor? = nil, observer: GradientStretch.Observer? = nil
    ) throws -> TrainingStep.Outcome {
        try patches.withUnsafeBufferPointer { patches in
            try targets.withUnsafeBufferPointer { targets in
                step.accumulate(
                    TrainingStep.Batch(
                        clips: .patches(try #require(patches.baseAddress)), count: clips,
                        targets: try #require(targets.baseAddress),
                        prompts: features.map { .features($0) } ?? .tokens(prompts)),
                    observer: observer)
            }
        }
    }

    /// The gradients of this batch by name.
    func gradients(
        workers: Int = 2, options: TrainingOptions = Self.options(), textRows: Int = 4096
    ) throws -> [String: [Float]] {
        let step = try step(workers: workers, options: options, textRows: textRows)
        try accumulate(step)
        return step.gradients.tensors.mapValues { $0.floats().values }
    }
}

extension StateDict {
    /// With tensors of its own.
    var copied: StateDict {
        StateDict(tensors: tensors.mapValues { StoredTensor($0.floats()) }, metadata: metadata)
    }
}

/// Each entry within a part of the largest of its tensor.
func expectGradientsClose(
    _ actual: [String: [Float]], _ expected: [String: [Float]], share: Double,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(Set(actual.keys) == Set(expected.keys), sourceLocation: sourceLocation)
    for (name, values) in expected.sorted(by: { $0.key < $1.key }) {
        let largest = Double(values.map(abs).max() ?? 0)
        expectClose(
            actual[name] ?? [], values, Tolerance(absolute: share * largest), "gradient of \(name)",
            sourceLocation: sourceLocation)
    }
}
