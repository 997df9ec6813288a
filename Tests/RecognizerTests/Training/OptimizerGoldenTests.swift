import Foundation
import TestSupport
import Testing

@testable import Recognizer

/// Three AdamW steps and the schedule against PyTorch's and timm's.
@Suite(.tags(.golden)) struct OptimizerGoldenTests {
    private struct Steps: Decodable {
        struct Group: Decodable {
            let temporal: Bool
            let decayed: Bool
            let tensors: Int
        }
        let lossesBeforeEachStep: [Double]
        let lossAfter3Steps: Double
        let lrOfEachGroupAtEachStep: [[Double]]
        let groups: [Group]
    }

    private func json<Content: Decodable>(_ name: String, as _: Content.Type) throws -> Content {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(
            Content.self, from: Data(contentsOf: URL(filePath: Golden.path("training/\(name).json"))))
    }

    @Test func threeStepsEqualTheReference() throws {
        let (it, _) = try TrainingCase.golden("gradients-kmt", .kmt)
        let expected = try json("adamw-kmt", as: Steps.self)
        let step = try it.step()
        var losses: [Double] = []
        for _ in 0..<3 {
            losses.append(try it.accumulate(step).loss)
            #expect(step.update().isFinite)
        }
        losses.append(try it.accumulate(step).loss)
        for (loss, reference) in zip(losses, expected.lossesBeforeEachStep + [expected.lossAfter3Steps]) {
            #expect(abs(loss - reference) <= 1e-4 * reference, "loss \(loss), expected \(reference)")
        }
        let golden = try GoldenTensors(Golden.path("training/adamw-kmt.safetensors"))
        let weights = step.weights
        for name in golden.names {
            let actual = try #require(weights.tensors[String(name.dropFirst("after3.".count))]).floats().values
            let values = try golden.floats(name).values
            // All keys' bias shifts a query's scores alike, so its true gradient is zero, and AdamW makes steps of what rounding
            // leaves of it: PyTorch in double precision is as far from PyTorch in single precision there.
            let width = GoldenModel.geometry(.kmt).visionWidth
            let noise = name.hasSuffix("in_proj_bias") ? width..<2 * width : 0..<0
            for compared in [0..<noise.lowerBound, noise.upperBound..<values.count] {
                expectClose(actual[compared], values[compared], Tolerance(absolute: 1e-4), "\(name), \(compared)")
            }
        }
    }

    @Test func groupsHoldTheReferencesParameters() throws {
        let expected = try json("adamw-kmt", as: Steps.self)
        for group in expected.groups {
            let members = ModelTensors.shapes(of: GoldenModel.geometry(.kmt)).filter { name, shape in
                ParameterName.isTemporal(name) == group.temporal
                    && ParameterName.isDecayed(name, shape: shape) == group.decayed
            }
            #expect(members.count == group.tensors, "temporal \(group.temporal), decayed \(group.decayed)")
        }
        let schedule = TrainingCase.options().schedule
        for (step, rates) in expected.lrOfEachGroupAtEachStep.enumerated() {
            for (group, rate) in zip(expected.groups, rates) {
                let actual = schedule.rate(at: step + 1, factor: group.temporal ? 10 : 1)
                #expect(abs(actual - rate) < 1e-12)
            }
        }
    }

    private struct Rates: Decodable {
        let baseLr: Double
        let lrAtUpdate: [Double]
    }

    @Test func rateFollowsTheCosine() throws {
        let expected = try json("cosine-schedule", as: Rates.self)
        let schedule = CosineSchedule(base: expected.baseLr, floor: expected.baseLr / 100, warmUp: 4, updates: 12)
        for (update, rate) in expected.lrAtUpdate.enumerated() {
            #expect(abs(schedule.rate(at: update) - rate) < 1e-12, "update \(update)")
        }
    }

    @Test func withoutWarmUpTheFirstRateIsNearTheBase() {
        let schedule = CosineSchedule(base: 1, floor: 0, warmUp: 0, updates: 1000)
        #expect(schedule.rate(at: 1) > 0.999 && schedule.rate(at: 1) < 1)
    }
}
