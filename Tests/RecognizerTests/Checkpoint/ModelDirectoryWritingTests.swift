import Foundation
import TestSupport
import Testing

@testable import Recognizer

@Suite struct ModelDirectoryWritingTests {
    private static let geometry = RandomModel.geometry(spatialLayers: 1, temporalLayers: 1, mask: .kmt)

    private func config(_ source: String) -> ModelConfig {
        ModelConfig(
            name: "m", geometry: Self.geometry, tokenizer: .bytes, labels: ["a", "b"],
            provenance: ModelConfig.Provenance(source: source))
    }

    @Test func aNewModelIsWrittenAndAnOldOneReplaced() throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/model"
            let prompts = [["an \"a\"; really", "x"], ["b"]]
            for seed in [1, 2] as [UInt64] {
                let weights = InitialWeights.random(Self.geometry, seed: seed)
                try ModelDirectory.write(
                    weights, config: config("epoch \(seed)"), mergesPath: nil, prompts: prompts, to: path)
                let read = try ModelDirectory.open(path)
                #expect(read.config.provenance?.source == "epoch \(seed)" && read.prompts == prompts)
                #expect(
                    read.weights.tensors["visual.proj"]?.floats() == weights.tensors["visual.proj"]?.floats())
                #expect(read.config.provenance?.sha256 == read.weightsDigest)
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["model"])
        }
    }

    @Test func weightsWhoseSettingsWereNotReplacedAnyMoreAreStillAModel() throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/model"
            try ModelDirectory.write(
                InitialWeights.random(Self.geometry, seed: 1), config: config("old"), mergesPath: nil, prompts: [],
                to: path)
            let before = try ModelDirectory.open(path).weightsDigest
            let receipt = try SafetensorsWriter.write(
                InitialWeights.random(Self.geometry, seed: 2), to: path + "/model.safetensors")
            #expect(receipt.digest != before)
            #expect(try ModelDirectory.open(path).weightsDigest == receipt.digest)
        }
    }

    @Test func aTemporalPartIsKeptOrBegunAnew() throws {
        let weights = InitialWeights.random(Self.geometry, seed: 1)
        func values(_ start: TemporalStart) -> [String: [Float]] {
            start.applied(to: weights, Self.geometry, seed: 5).tensors.mapValues { $0.floats().values }
        }
        let keep = values(.keep)
        for start in [TemporalStart.identity, .random] {
            for (name, value) in values(start) where !ModelTensors.isTemporal(name) { #expect(value == keep[name]) }
        }
        let name = "visual.transformer_t.resblocks.0.temporal_mlp.c_proj.weight"
        #expect(values(.identity)[name]?.allSatisfy { $0 == 0 } == true)
        #expect(values(.random)[name]?.contains { $0 != 0 } == true && values(.random)[name] != keep[name])
    }
}
