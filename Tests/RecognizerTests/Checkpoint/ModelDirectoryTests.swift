import Foundation
import Recognizer
import Testing

@Suite struct ModelDirectoryTests {
    private static let demo = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../../etc/models/demo").standardizedFileURL.path

    /// Imports the golden model and changes its directory before it is opened.
    private func open(_ change: (String) throws -> Void) throws -> ModelDirectory {
        try CheckpointFiles.withFolder { folder in
            let model = folder + "/model"
            _ = try ModelImport.run(source: CheckpointFiles.golden + "/expected.safetensors", output: model)
            try change(model)
            return try ModelDirectory.open(model)
        }
    }

    private func replace(_ text: String, by other: String, in path: String) throws {
        let url = URL(filePath: path)
        let old = try String(contentsOf: url, encoding: .utf8)
        #expect(old.contains(text))
        try Data(old.replacingOccurrences(of: text, with: other).utf8).write(to: url)
    }

    @Test func opensTheEmbeddedDefault() throws {
        let model = try ModelDirectory.open(Self.demo)
        #expect(model.config.name == "demo" && model.config.tokenizer == .bytes && model.mergesPath == nil)
        #expect(model.config.labels.count == 15 && model.config.labels[6] == "waving")
        #expect(model.config.ignore == ["standing still", "empty room"])
        #expect(model.config.templates.first == "{}" && model.config.templates.count == 5)
        let file = try Data(contentsOf: URL(filePath: Self.demo + "/model.safetensors"))
        #expect(model.weightsDigest == file.withUnsafeBytes { SHA256.hex(of: $0) })
        #expect(model.weights.tensors.values.allSatisfy { $0.isFinite })
        // The recorded header digest is the file's, so that opening need not hash the weights.
        let length = Int(file.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) })
        #expect(model.config.provenance?.headerSHA256 == file.prefix(8 + length).withUnsafeBytes { SHA256.hex(of: $0) })
    }

    @Test func opensADirectoryOfSizesAlone() throws {
        let model = try open { model in
            try Data(
                """
                {"image_size": 32, "patch_size": 16, "frames": 4, "vision_width": 64, "vision_layers": 3, "embed_dim": 32,
                 "text_width": 64, "text_layers": 1, "context_length": 77, "vocab_size": 514, "mask": "KMCT"}
                """.utf8
            ).write(to: URL(filePath: model + "/config.json"))
        }
        #expect(model.config.name == "model" && model.config.geometry.temporalLayers == 1)
        #expect(model.config.geometry.mask == .kmct)
        #expect(model.config.mean == [123.675, 116.28, 103.53] && model.config.deviation == [58.395, 57.12, 57.375])
        #expect(model.config.templates == ["{}"] && model.config.tokenizer == .bytes)
        #expect(model.weightsDigest.count == 64)
    }

    @Test func trustsTheRecordedDigestOnlyForTheSameFile() throws {
        let digest = String(repeating: "a", count: 64)
        func forge(_ model: String, bytes: Int) throws {
            let config = model + "/config.json"
            let honest = try ModelDirectory.open(model)
            try replace(honest.weightsDigest, by: digest, in: config)
            let count = try #require(honest.config.provenance?.byteCount)
            try replace("\"bytes\": \(count)", by: "\"bytes\": \(count + bytes)", in: config)
        }
        #expect(try open { try forge($0, bytes: 0) }.weightsDigest == digest)
        #expect(try open { try forge($0, bytes: 1) }.weightsDigest != digest)
    }

    /// Other weights of the same shapes in the old file's place, as after copying a model over another.
    @Test func mistrustsTheRecordedDigestOfWeightsWrittenAfterwards() throws {
        var before = ""
        let after = try open { model in
            let earlier = Date(timeIntervalSinceNow: -60)
            try FileManager.default.setAttributes([.modificationDate: earlier], ofItemAtPath: model + "/config.json")
            before = try ModelDirectory.open(model).weightsDigest
            let weights = URL(filePath: model + "/model.safetensors")
            var data = try Data(contentsOf: weights)
            data[data.count - 1] ^= 0x01
            try data.write(to: weights)
        }
        #expect(after.weightsDigest != before)
    }

    @Test(arguments: [
        ("\"frames\": 4", "\"frames\": 8", "frames", "say 4"),
        ("\"frames\": 4", "\"frame\": 4", "frame", "the nearest is \"frames\""),
        ("\"frames\": 4", "\"frames\": 0", "frames", "out of range"),
        ("\"frames\": 4", "\"frames\": \"4\"", "frames", "found a string"),
        ("\"vocab_size\": 514", "\"vocab_size\": 600", "tokenizer", "vocabulary of 514"),
        ("\"vision_width\": 64", "\"vision_width\": 65", "vision_width", "multiple of the head width"),
        ("\"patch_size\": 16", "\"patch_size\": 8", "patch_size", "say 16"),
        ("\"KMT\"", "\"KMX\"", "mask", "\"KMT\" or \"KMCT\""), ("\"{}\"", "\"a {} {}\"", "templates", "exactly once"),
        ("58.395", "0", "deviation", "not positive"), ("123.675, ", "", "mean", "three numbers"),
        ("\"labels\": []", "\"labels\": [\"a\", \"a\"]", "labels", "stands twice"),
        ("\"ignore\": []", "\"ignore\": [\"a\", \"b\", \"a\"]", "ignore", "stands twice"),
        ("\"temporal_layers\": 1", "\"temporal_layers\": 0", "temporal_layers", "accepted are 1 to 256"),
        ("\"image_size\": 32", "\"image_size\": 40", "image_size", "no multiple of the patch size 16"),
        ("\"sha256\"", "\"sha\"", "sha", "unknown key"),
        ("\"name\": \"", "\"name\": \"\\u001b[31m", "name", "control characters"),
    ])
    func refusesAConfigurationThatIsWrong(text: String, other: String, key: String, reason: String) throws {
        let error = try #require(throws: RecognizerError.self) {
            try open { try replace(text, by: other, in: $0 + "/config.json") }
        }
        guard case .configuration(_, key, let found) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(found.contains(reason), "\(error)")
    }

    @Test func refusesBrokenJSON() throws {
        for text in [
            "", "{", "[1]", "{\"a\": 01}", "{\"a\": 1, \"a\": 2}", "{\"a\": tru}", "{\"a\": \"\\x\"}", "{\"a\": 1e999}",
        ] {
            #expect(throws: RecognizerError.self) {
                try open { try Data(text.utf8).write(to: URL(filePath: $0 + "/config.json")) }
            }
        }
    }

    @Test func refusesWeightsThatAreMissingAndSmallOnesThatAreNotFinite() throws {
        #expect(throws: RecognizerError.self) {
            try open { try FileManager.default.removeItem(atPath: $0 + "/model.safetensors") }
        }
        #expect(throws: RecognizerError.nonFinite(tensor: "logit_scale")) {
            try open { model in
                var state = try CheckpointReader.read(CheckpointFiles.golden + "/expected.safetensors")
                state.tensors["logit_scale"] = StoredTensor(Tensor(shape: [], values: [.nan]))
                try SafetensorsWriter.write(state, to: model + "/model.safetensors")
            }
        }
    }

    @Test func takesLabelsAndPromptsFromFiles() throws {
        let model = try open { model in
            try Data("id,name\n0,waving\n1,falling\n".utf8).write(to: URL(filePath: model + "/labels.csv"))
            try Data("id;name\n1;a fall\n0;a wave\n".utf8).write(to: URL(filePath: model + "/prompts.csv"))
        }
        #expect(model.config.labels == ["waving", "falling"] && model.prompts == [["a wave"], ["a fall"]])
        #expect(throws: RecognizerError.self) {
            try open { try Data("id;name\n0;a wave\n".utf8).write(to: URL(filePath: $0 + "/prompts.csv")) }
        }
        #expect(throws: RecognizerError.self) {
            try open { model in
                try replace("\"labels\": []", by: "\"labels\": [\"x\"]", in: model + "/config.json")
                try Data("id,name\n0,y\n".utf8).write(to: URL(filePath: model + "/labels.csv"))
            }
        }
    }

    @Test func writesAConfigurationThatReadsBackEqual() throws {
        var config = try ModelDirectory.open(Self.demo).config
        config.name = "a \"name\"\\\u{1F3C3}\u{200D}"
        config.labels = ["a \"label\"\n\u{1}\u{1F3C3}", "b"]
        config.geometry.mask = .kmct
        let bytes = Array(config.json.utf8)
        let back = try bytes.withUnsafeBytes { try ModelConfig(json: $0, path: "config.json", defaultName: "") }
        #expect(back == config)
    }
}
