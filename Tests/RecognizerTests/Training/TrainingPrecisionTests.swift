import CKernels
import TestSupport
import Testing

@testable import Recognizer

/// Products of bfloat16 in training, where the processor has them.
@Suite(.enabled(if: ckernels_training_bf16() != nil)) struct TrainingPrecisionTests {
    private static let geometry = RandomModel.geometry(
        spatialLayers: 2, temporalLayers: 2, mask: .kmct)
    private static let options = TrainingCase.options {
        $0.precision = .bf16
        $0.dropPath = 0.2
        $0.optimizer.gradientLimit = 1
    }

    private func values(_ state: StateDict) -> [String: [Float]] {
        state.tensors.mapValues { $0.floats().values }
    }

    /// Of a tensor's length: a difference of 2 in a hundred is what rounding to 8 bits leaves after some layers.
    @Test func gradientsAreCloseToThoseOfFloat32() throws {
        let it = TrainingCase.random(Self.geometry, clips: 5)
        let plain = try it.step()
        let half = try it.step(options: TrainingCase.options { $0.precision = .bf16 })
        let (loss, expected) = (try it.accumulate(half).loss, try it.accumulate(plain).loss)
        #expect(abs(loss - expected) < 0.005 * expected, "\(loss) and \(expected)")
        let (actual, exact) = (values(half.gradients), values(plain.gradients))
        for (name, gradient) in exact {
            let other = try #require(actual[name])
            let length = gradient.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
            let difference = zip(gradient, other).reduce(0) {
                $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1)
            }.squareRoot()
            #expect(difference <= 0.02 * length, "\(name): \(difference / length)")
        }
        #expect(actual != exact)
    }

    @Test func workersChangeNoBit() throws {
        let it = TrainingCase.random(Self.geometry, clips: 14)
        let alone = try it.gradients(workers: 1, options: Self.options)
        for workers in [2, 3] {
            #expect(
                try it.gradients(workers: workers, options: Self.options) == alone, "\(workers) workers")
        }
    }

    @Test func checkpointingChangesNoBit() throws {
        let it = TrainingCase.random(Self.geometry)
        var again = Self.options
        again.checkpointing = true
        #expect(try it.gradients(options: Self.options) == it.gradients(options: again))
    }

    @Test func aResumedRunRepeatsEveryBit() throws {
        let it = TrainingCase.random(Self.geometry)
        func train(_ step: TrainingStep) throws {
            try it.accumulate(step)
            #expect(step.update().isFinite)
        }
        let whole = try it.step(options: Self.options)
        for _ in 0..<2 { try train(whole) }
        let (weights, state) = (whole.weights.copied, whole.optimizerState.copied)
        try train(whole)
        let resumed = try it.step(workers: 3, options: Self.options)
        try resumed.restore(weights: weights, optimizerState: state)
        try train(resumed)
        #expect(values(resumed.weights) == values(whole.weights))
        #expect(values(resumed.optimizerState) == values(whole.optimizerState))
    }

    @Test(arguments: [Precision.auto, .int8]) func otherPrecisionsAreRefused(precision: Precision)
        throws
    {
        let it = TrainingCase.random(Self.geometry)
        #expect(throws: RecognizerError.precision(precision, reason: "training has f32 and bf16")) {
            try it.step(options: TrainingCase.options { $0.precision = precision })
        }
    }
}
