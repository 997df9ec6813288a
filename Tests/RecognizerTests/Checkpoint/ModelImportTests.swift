import Foundation
import Recognizer
import TestSupport
import Testing

@Suite struct ModelImportTests {
    private let golden = CheckpointFiles.golden

    @Test(arguments: ["claver-training.pth", "state-dict.pth", "legacy-format.pth", "expected.safetensors"])
    func keepsEveryTensor(name: String) throws {
        try CheckpointFiles.withFolder { folder in
            let outcome = try ModelImport.run(source: golden + "/" + name, output: folder + "/m")
            let model = try ModelDirectory.open(folder + "/m")
            #expect(model.config == outcome.config)
            #expect(model.config.tokenizer == .bytes && model.config.geometry.mask == .kmt)
            #expect(model.config.geometry.frames == 4 && model.config.geometry.imageSize == 32)
            #expect(model.config.mean == ModelConfig.imageNetMean)
            let expected = try CheckpointReader.read(golden + "/expected.safetensors")
            for (name, tensor) in expected.tensors {
                #expect(model.weights.tensors[name]?.floats() == tensor.floats(), "\(name)")
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["m"])
        }
    }

    @Test func keepsTheStoredPrecision() throws {
        try CheckpointFiles.withFolder { folder in
            _ = try ModelImport.run(source: golden + "/state-dict-f16.pth", output: folder + "/m")
            let weights = try ModelDirectory.open(folder + "/m").weights
            #expect(weights.tensors.values.allSatisfy { $0.type == .float16 })
        }
    }

    @Test func narrowsAModelDirectoryAndKeepsItsSettings() throws {
        try CheckpointFiles.withFolder { folder in
            let source = golden + "/expected.safetensors"
            let (first, second) = (folder + "/first", folder + "/second")
            _ = try ModelImport.run(source: source, output: first, options: ModelImport.Options(mask: .kmct))
            var config = try ModelDirectory.open(first).config
            (config.labels, config.ignore, config.templates) = (["a", "b"], ["b"], ["one {}", "two {}"])
            (config.mean, config.deviation) = ([1, 2, 3], [4, 5, 6])
            config.provenance = ModelConfig.Provenance(source: "trained")
            try Data(config.json.utf8).write(to: URL(filePath: first + "/config.json"))
            let prompts = "id;name\n0;an a\n1;a b\n"
            try Data(prompts.utf8).write(to: URL(filePath: first + "/prompts.csv"))
            _ = try ModelImport.run(source: first, output: second, options: ModelImport.Options(type: .float16))
            let model = try ModelDirectory.open(second)
            #expect(model.weights.tensors.values.allSatisfy { $0.type == .float16 })
            let weights = try #require(model.weights.tensors["visual.proj"]).floats()
            let original = try #require(ModelDirectory.open(first).weights.tensors["visual.proj"]).floats()
            expectClose(weights.values, original.values, .half, "visual.proj")
            config.name = "second"
            config.provenance = model.config.provenance
            #expect(model.config == config)
            #expect(config.provenance?.source == "trained")
            #expect(try String(contentsOfFile: second + "/prompts.csv", encoding: .utf8) == prompts)
        }
    }

    @Test func refusesWeightsThatDoNotFitIntoTheType() throws {
        try CheckpointFiles.withFolder { folder in
            var state = try CheckpointReader.read(golden + "/expected.safetensors")
            let name = "visual.proj"
            var values = try #require(state.tensors[name]).floats()
            values.values[3] = 1e6
            state.tensors[name] = StoredTensor(values)
            try SafetensorsWriter.write(state, to: folder + "/big.safetensors")
            #expect(throws: RecognizerError.nonFinite(tensor: name)) {
                try ModelImport.run(
                    source: folder + "/big.safetensors", output: folder + "/m",
                    options: ModelImport.Options(type: .float16))
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["big.safetensors"])
        }
    }

    @Test(arguments: [("hf-clip", ElementType.float32), ("clip-torchscript-f16.pt", .float16)])
    func beginsTheTemporalPartOfPlainCLIPAsIdentity(name: String, type: ElementType) throws {
        try CheckpointFiles.withFolder { folder in
            let outcome = try ModelImport.run(
                source: golden + "/" + name, output: folder + "/m", options: ModelImport.Options(frames: 5))
            #expect(outcome.notes.contains { $0.contains("added 1 temporal blocks") })
            let model = try ModelDirectory.open(folder + "/m")
            #expect(model.config.geometry.frames == 5 && model.config.geometry.temporalLayers == 1)
            #expect(model.config.mean == ModelConfig.clipMean && model.config.deviation == ModelConfig.clipDeviation)
            func values(_ name: String) throws -> [Float] { try #require(model.weights.tensors[name]).floats().values }
            let block = "visual.transformer_t.resblocks.0.temporal_"
            for name in ["attn.out_proj.weight", "attn.out_proj.bias", "mlp.c_proj.weight", "mlp.c_proj.bias"] {
                #expect(try values(block + name).allSatisfy { $0 == 0 })
            }
            #expect(try values("visual.temporal_embedding") == [Float](repeating: 0, count: 5 * 64))
            #expect(try values(block + "ln_1.weight").allSatisfy { $0 == 1 })
            let drawn = try values(block + "attn.in_proj_weight")
            let deviation = (drawn.reduce(0) { $0 + $1 * $1 } / Float(drawn.count)).squareRoot()
            #expect(abs(deviation - 0.125) < 0.005)
            #expect(model.weights.tensors.values.allSatisfy { $0.type == type })
        }
    }

    @Test func takesTheMaskFromOptionsBeforeTheFile() throws {
        try CheckpointFiles.withFolder { folder in
            let outcome = try ModelImport.run(
                source: golden + "/claver-training.pth", output: folder + "/m",
                options: ModelImport.Options(mask: .kmct))
            #expect(outcome.config.geometry.mask == .kmct)
            #expect(outcome.notes.contains { $0.contains("says mask KMT") })
        }
    }

    @Test func takesLabels() throws {
        try CheckpointFiles.withFolder { folder in
            try Data("id,name\n1,b\n0,a\n".utf8).write(to: URL(filePath: folder + "/l.csv"))
            let outcome = try ModelImport.run(
                source: golden + "/state-dict.pth", output: folder + "/m",
                options: ModelImport.Options(labelsPath: folder + "/l.csv"))
            #expect(outcome.config.labels == ["a", "b"])
        }
    }

    /// Writes the golden state after a change, and imports it.
    private func importing(
        in folder: String, options: ModelImport.Options = ModelImport.Options(), _ change: (inout StateDict) -> Void
    ) throws -> ModelImport.Outcome {
        var state = try CheckpointReader.read(golden + "/expected.safetensors")
        change(&state)
        try SafetensorsWriter.write(state, to: folder + "/changed.safetensors")
        return try ModelImport.run(source: folder + "/changed.safetensors", output: folder + "/m", options: options)
    }

    @Test func refusesStatesOfOtherModelsAndLeavesNothing() throws {
        func refuse(_ reason: String, _ change: (inout StateDict) -> Void) throws {
            try CheckpointFiles.withFolder { folder in
                let error = try #require(throws: RecognizerError.self) { try importing(in: folder, change) }
                #expect(error.description.contains(reason), "\(error)")
                #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["changed.safetensors"])
            }
        }
        let one = StoredTensor(Tensor(shape: [1], values: [1]))
        try refuse("missing 1: visual.transformer_t.resblocks.0.temporal_ln_2.bias") {
            $0.tensors["visual.transformer_t.resblocks.0.temporal_ln_2.bias"] = nil
        }
        try refuse("missing 1: visual.temporal_embedding") { $0.tensors["visual.temporal_embedding"] = nil }
        try refuse("unexpected 1: head.weight") { $0.tensors["head.weight"] = one }
        try refuse("tensor visual.ln_pre.bias has shape [1], expected [64]") { $0.tensors["visual.ln_pre.bias"] = one }
        try refuse("missing 1: visual.conv1.weight") { $0.tensors["visual.conv1.weight"] = nil }
        try refuse("not a square number") {
            $0.tensors["visual.positional_embedding"] = StoredTensor(Tensor(zeros: [7, 64]))
        }
        try refuse("tensor visual.proj holds a value that is not finite") {
            $0.tensors["visual.proj"] = StoredTensor(
                Tensor(shape: [64, 32], values: .init(repeating: .infinity, count: 2048)))
        }
        try refuse("no multiple of the head width") {
            $0.tensors["token_embedding.weight"] = StoredTensor(Tensor(zeros: [514, 65]))
        }
    }

    @Test func refusesAnOutputThatHoldsSomething() throws {
        try CheckpointFiles.withFolder { folder in
            try Data().write(to: URL(filePath: folder + "/kept"))
            for output in [folder, folder + "/kept", folder + "/absent/m"] {
                #expect(throws: RecognizerError.self) {
                    try ModelImport.run(source: golden + "/state-dict.pth", output: output)
                }
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["kept"])
        }
    }

    @Test func refusesAnotherWindowThanTheTensorsHave() throws {
        try CheckpointFiles.withFolder { folder in
            #expect(throws: RecognizerError.self) {
                try ModelImport.run(
                    source: golden + "/state-dict.pth", output: folder + "/m", options: ModelImport.Options(frames: 8))
            }
        }
    }

    /// The published form: a header line, more merges than are used, compressed.
    private static let gzip: [UInt8] = [
        0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0xFF, 0x53, 0x4A, 0x2A, 0x48, 0x8D, 0x2F, 0xCE, 0xCC,
        0x2D, 0xC8, 0x49, 0x8D, 0x2F, 0xCB, 0x4F, 0x4E, 0x4C, 0x8A, 0x37, 0x34, 0x4B, 0x35, 0xD3, 0x2B, 0xA9, 0x28,
        0x51, 0x2E, 0x4B, 0x2D, 0x2A, 0xCE, 0xCC, 0xCF, 0xB3, 0x52, 0x30, 0xD0, 0x33, 0xE2, 0x4A, 0x54, 0x48, 0xE2,
        0x4A, 0x56, 0x48, 0xB1, 0xD1, 0x2F, 0xB7, 0xE3, 0x4A, 0x55, 0x48, 0xE3, 0x02, 0x00, 0x0A, 0x4D, 0x09, 0x61,
        0x38, 0x00, 0x00, 0x00,
    ]

    @Test func unpacksAGivenMergesFile() throws {
        try CheckpointFiles.withFolder { folder in
            try Data(Self.gzip).write(to: URL(filePath: folder + "/given.gz"))
            #expect(try MergesFile.read(folder + "/given.gz", vocabulary: 516).lines == ["a b", "c d</w>"])
            try Data(Self.gzip.dropLast(12)).write(to: URL(filePath: folder + "/given.gz"))
            #expect(throws: RecognizerError.self) { try MergesFile.read(folder + "/given.gz", vocabulary: 516) }
        }
    }

    @Test(arguments: [
        ("merges.txt", "#version: 0.2\na b\nc d</w>\ne f\n"), ("merges.txt", "a b\nc d</w>"),
        ("bpe_simple_vocab_16e6.txt", "\"bpe_simple_vocab_16e6.txt#version: 0.2\na b\nc d</w>\ne f\n"),
        ("tokenizer.json", "{\"model\": {\"type\": \"BPE\", \"merges\": [\"a b\", \"c d</w>\"]}}"),
        ("tokenizer.json", "{\"model\": {\"merges\": [[\"a\", \"b\"], [\"c\", \"d</w>\"]]}}"),
    ])
    func findsMergesBesideTheCheckpoint(name: String, text: String) throws {
        try CheckpointFiles.withFolder { folder in
            try Data(text.utf8).write(to: URL(filePath: folder + "/" + name))
            let outcome = try importing(in: folder) {
                $0.tensors["token_embedding.weight"] = StoredTensor(Tensor(zeros: [516, 64]))
            }
            #expect(outcome.config.tokenizer == .clip)
            let model = try ModelDirectory.open(folder + "/m")
            let path = try #require(model.mergesPath)
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "#version: 0.2\na b\nc d</w>\n")
        }
    }

    @Test func refusesAVocabularyWithoutItsMerges() throws {
        try CheckpointFiles.withFolder { folder in
            let wide: (inout StateDict) -> Void = {
                $0.tensors["token_embedding.weight"] = StoredTensor(Tensor(zeros: [516, 64]))
            }
            let source = folder + "/changed.safetensors"
            #expect(throws: RecognizerError.mergesMissing(path: source, expectedVocabulary: 516)) {
                try importing(in: folder, wide)
            }
            for text in [
                "a b\n", "a b\nc\n", "a b\nc d e\n", "{\"model\": {}}", "{\"model\": {\"merges\": [\"a b\", 1]}}",
            ] {
                try Data(text.utf8).write(to: URL(filePath: folder + "/given"))
                #expect(throws: RecognizerError.self) {
                    try importing(in: folder, options: ModelImport.Options(mergesPath: folder + "/given"), wide)
                }
            }
        }
    }
}
