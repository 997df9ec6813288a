import TestSupport
import Testing

@testable import Recognizer

/// What is told of gradients that are complete while the backward still runs.
@Suite struct GradientObserverTests {
    private static let geometry = RandomModel.geometry(spatialLayers: 2, temporalLayers: 2, mask: .kmt)

    @Test(arguments: [4096, 24])
    func everyGradientIsToldOnceAsItStays(textRows: Int) throws {
        let it = TrainingCase.random(Self.geometry, prompts: 3, classes: 5)
        let step = try it.step(options: TrainingCase.options { $0.accumulation = 2 }, textRows: textRows)
        try it.accumulate(step) { _ in Issue.record("told before the last batch") }
        var ranges: [Range<Int>] = []
        var values: [Float] = []
        try it.accumulate(step) { gradients in
            ranges.append(gradients.range)
            values += gradients.values
        }
        let all = step.parameters.gradients
        #expect(
            ranges.sorted { $0.lowerBound < $1.lowerBound }.reduce(0) { $1.lowerBound == $0 ? $1.upperBound : -1 }
                == all.count)
        #expect(values == ranges.flatMap { range in range.map { all.pointer[$0] } })
        // Head, blocks from the last to the first and what stands around them, of both towers, and the scale.
        #expect(ranges.count == 1 + (1 + 2 + 1 + 2 + 1) + (Self.geometry.textLayers + 1))
    }

    @Test func frozenPartsAreNotTold() throws {
        let it = TrainingCase.random(Self.geometry)
        let step = try it.step(options: TrainingCase.options { $0.trained = [.temporal, .head] })
        var floats = 0
        try it.accumulate(step) { floats += $0.range.count }
        #expect(floats == step.parameters.gradients.count)
    }
}
