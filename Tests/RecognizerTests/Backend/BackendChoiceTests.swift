import Foundation
import TestSupport
import Testing

@testable import Recognizer

@Suite struct BackendChoiceTests {
    /// A model whose `config.json` says what `change` makes of it.
    private func withModel(
        _ change: (inout ModelConfig, _ digest: String) -> Void = { _, _ in }, _ body: (ModelDirectory) throws -> Void
    ) throws {
        try CheckpointFiles.withFolder { folder in
            _ = try ModelImport.run(source: CheckpointFiles.golden + "/expected.safetensors", output: folder + "/m")
            let directory = try ModelDirectory.open(folder + "/m")
            var config = directory.config
            change(&config, directory.weightsDigest)
            try ReplacementFile.write(config.json, to: folder + "/m/config.json")
            try body(try ModelDirectory.open(folder + "/m"))
        }
    }

    private func choose(_ precision: Precision, _ directory: ModelDirectory) throws -> String {
        try BackendChoice(precision: precision, pool: WorkerPool(workers: 1)).backend(for: directory).description
    }

    @Test func whatIsRecordedReadsBack() throws {
        let bf16 = PrecisionAgreement(weightsDigest: "ab", windows: 500, top1: 0.996)
        try withModel { config, digest in
            config.bf16 = bf16
            config.int8 = PrecisionAgreement(
                weightsDigest: digest, windows: 300, top1: 1, floatLayers: ["visual.conv1", "visual.proj"])
        } _: { directory in
            #expect(directory.config.bf16 == bf16)
            #expect(directory.config.int8?.floatLayers == ["visual.conv1", "visual.proj"])
        }
    }

    @Test func autoIsFloat32WithoutATest() throws {
        try withModel { directory in
            let (auto, float) = (try choose(.auto, directory), try choose(.f32, directory))
            #expect(auto == float)
        }
    }

    @Test func autoTakesBFloat16WhereItIsProvenAndFaster() throws {
        try withModel { config, digest in
            config.bf16 = PrecisionAgreement(weightsDigest: digest, windows: 500, top1: 0.996)
        } _: { directory in
            let chosen = try choose(.auto, directory)
            let isIntel = try String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8).contains("GenuineIntel")
            #if OneDNN
                let hasAMX = CPUBackend.processor == "AMX"
            #else
                let hasAMX = false
            #endif
            let isFaster = CPUBackend.hasBFloat16 && (hasAMX || !isIntel)
            #expect(chosen.contains(isFaster ? "bfloat16" : "float32"))
        }
        for (digest, top1) in [("other", 1.0), (nil, 0.99)] {
            try withModel { config, own in
                config.bf16 = PrecisionAgreement(weightsDigest: digest ?? own, windows: 500, top1: top1)
            } _: { directory in
                let chosen = try choose(.auto, directory)
                #expect(chosen.contains("float32") || chosen.contains("OpenBLAS"))
            }
        }
    }

    @Test(.enabled(if: !CPUBackend.hasBFloat16)) func bfloat16SaysWhatIsMissing() throws {
        try withModel { directory in
            let error = try #require(throws: RecognizerError.self) { try choose(.bf16, directory) }
            #expect("\(error)".hasPrefix("precision bf16: this "), "\(error)")
        }
    }

    #if OneDNN
        @Test func int8NeedsACalibrationOfTheseWeights() throws {
            try withModel { directory in
                let error = try #require(throws: RecognizerError.self) { try choose(.int8, directory) }
                #expect("\(error)".contains("claverd model quantize"), "\(error)")
            }
            for (digest, top1) in [("other", 1.0), (nil, 0.98)] {
                try withModel { config, own in
                    config.int8 = PrecisionAgreement(weightsDigest: digest ?? own, windows: 500, top1: top1)
                } _: { directory in
                    #expect(throws: RecognizerError.self) { try choose(.int8, directory) }
                }
            }
            try withModel { config, digest in
                config.int8 = PrecisionAgreement(
                    weightsDigest: digest, windows: 500, top1: 0.99, floatLayers: ["visual.conv1"])
            } _: { directory in
                let chosen = try choose(.int8, directory)
                #expect(chosen.contains("int8, 1 layers in "), "\(chosen)")
            }
        }
    #endif
}
