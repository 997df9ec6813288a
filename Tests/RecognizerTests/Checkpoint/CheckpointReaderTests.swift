import Foundation
import Recognizer
import TestSupport
import Testing

@Suite struct CheckpointReaderTests {
    private func golden(_ name: String) throws -> StateDict {
        let path = CheckpointFiles.golden + "/" + name
        return try CheckpointNames.authors(try CheckpointReader.read(path), path: path)
    }

    @Test(arguments: ["claver-training.pth", "state-dict.pth", "legacy-format.pth"])
    func readsEveryContainerEqual(name: String) throws {
        let (state, expected) = (try golden(name), try golden("expected.safetensors"))
        #expect(state.tensors.count == 75)
        #expect(Set(state.tensors.keys) == Set(expected.tensors.keys))
        for (name, tensor) in expected.tensors { #expect(state.tensors[name]?.floats() == tensor.floats(), "\(name)") }
    }

    @Test(arguments: [("state-dict-f16.pth", ElementType.float16), ("state-dict-bf16.pth", .bfloat16)])
    func readsHalfPrecisionEqualToRounding(name: String, type: ElementType) throws {
        let (state, expected) = (try golden(name), try golden("expected.safetensors"))
        try CheckpointFiles.withFolder { folder in
            // The other way round: rounding the float32 weights gives the stored bits.
            try SafetensorsWriter.write(expected, to: folder + "/half.safetensors", as: type)
            let rounded = try CheckpointReader.read(folder + "/half.safetensors")
            #expect(Set(state.tensors.keys) == Set(rounded.tensors.keys))
            for (name, tensor) in rounded.tensors {
                let stored = try #require(state.tensors[name])
                #expect(stored.type == type && stored.shape == tensor.shape)
                #expect(stored.bytes.elementsEqual(tensor.bytes), "\(name)")
                #expect(stored.floats() == tensor.floats(), "\(name)")
            }
        }
    }

    @Test func readsOpenAIsArchives() throws {
        let (state, expected) = (try golden("clip-torchscript-f16.pt"), try golden("expected.safetensors"))
        #expect(state.tensors.count == 62)
        for (name, tensor) in state.tensors {
            let float = try #require(expected.tensors[name])
            #expect(tensor.type == .float16 && tensor.shape == float.shape)
            expectClose(tensor.floats().values, float.floats().values, .half, name)
        }
    }

    @Test func renamesHuggingFacesTensors() throws {
        let (state, expected) = (try golden("hf-clip/model.safetensors"), try golden("expected.safetensors"))
        #expect(state.tensors.count == 62)
        for (name, tensor) in state.tensors { #expect(tensor.floats() == expected.tensors[name]?.floats(), "\(name)") }
    }

    @Test func keepsPlainSettingsOfATrainingBundle() throws {
        let state = try CheckpointReader.read(CheckpointFiles.golden + "/claver-training.pth")
        #expect(state.metadata["config.MODEL.MASK_MODE"] == "KMT")
        #expect(state.metadata["epoch"] == "7")
        #expect(state.metadata.keys.allSatisfy { !$0.hasPrefix("optimizer") })
    }

    @Test func viewsTensorsInTheMappedFile() throws {
        let state = try CheckpointReader.read(CheckpointFiles.golden + "/state-dict.pth")
        #expect(state.tensors.values.allSatisfy { $0.owner is MappedFile })
    }

    @Test func refusesEveryHostileFile() throws {
        let folder = CheckpointFiles.golden + "/hostile"
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        #expect(names.count == 7)
        for name in names {
            #expect(throws: RecognizerError.self, "\(name)") { try CheckpointReader.read(folder + "/" + name) }
        }
        for name in ["runs-a-command.pth", "runs-a-command-bare.pkl"] {
            let path = folder + "/" + name
            #expect(throws: RecognizerError.unsupportedGlobal(path: path, name: "posix.system")) {
                try CheckpointReader.read(path)
            }
        }
        #expect(!FileManager.default.fileExists(atPath: "/tmp/claverd-was-owned"))
    }

    @Test func namesFormatsThatAreSomethingElse() {
        let tar = [UInt8](repeating: 0x61, count: 257) + Array("ustar".utf8) + [UInt8](repeating: 0, count: 250)
        CheckpointFiles.expectRefused(tar, "tar archive")
        CheckpointFiles.expectRefused(Array("<!DOCTYPE html><html>404</html>".utf8), "web page")
        CheckpointFiles.expectRefused(Array("  \n<html>".utf8), "web page")
        CheckpointFiles.expectRefused(Array("version https://git-lfs.github.com/spec/v1\n".utf8), "Git LFS")
        CheckpointFiles.expectRefused([0x08, 0x07, 0x12, 0x07] + Array("pytorch".utf8), "ONNX")
        CheckpointFiles.expectRefused([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0], "gzip")
        CheckpointFiles.expectRefused(Array("\u{89}HDF".unicodeScalars.map { UInt8($0.value) }), "HDF5")
        CheckpointFiles.expectRefused([], "empty")
    }

    @Test func refusesWhatIsNoRegularFile() throws {
        #expect(throws: RecognizerError.malformed(path: "/tmp", reason: "not a regular file")) {
            try CheckpointReader.read("/tmp")
        }
        #expect(throws: RecognizerError.io(path: "/absent", operation: "open", reason: "No such file or directory")) {
            try CheckpointReader.read("/absent")
        }
    }

    @Test func noticesAFileThatChangesWhileMapped() throws {
        try CheckpointFiles.withFolder { folder in
            let path = folder + "/file"
            try Data([1, 2, 3, 4]).write(to: URL(filePath: path))
            let file = try MappedFile(path)
            try file.checkUnchanged()
            let handle = try #require(FileHandle(forWritingAtPath: path))
            try handle.truncate(atOffset: 2)
            #expect(throws: RecognizerError.malformed(path: path, reason: "the file changed while it was being read")) {
                try file.checkUnchanged()
            }
        }
    }
}
