import Recognizer
import TestSupport
import Testing

/// Loss and every gradient of a batch against PyTorch's.
@Suite(.tags(.golden)) struct GradientGoldenTests {
    @Test(arguments: [1, 2, 3]) func equalsTheReference(workers: Int) throws {
        let (it, golden) = try TrainingCase.golden("gradients-kmt", .kmt)
        let step = try it.step(workers: workers)
        let outcome = try it.accumulate(step)
        let expected = Double(try golden.floats("loss").values[0])
        #expect(abs(outcome.loss - expected) <= 1e-5 * expected, "loss \(outcome.loss), expected \(expected)")
        var gradients: [String: [Float]] = [:]
        for name in golden.names where name.hasPrefix("grad.") {
            gradients[String(name.dropFirst(5))] = try golden.floats(name).values
        }
        #expect(gradients.count == 87)
        expectGradientsClose(
            step.gradients.tensors.mapValues { $0.floats().values }, gradients, share: 1e-4)
    }
}
