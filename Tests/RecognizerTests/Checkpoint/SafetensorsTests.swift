import Foundation
import Recognizer
import TestSupport
import Testing

@Suite struct SafetensorsTests {
    private func file(_ header: String, data: Int) -> [UInt8] {
        little(UInt64(header.utf8.count)) + Array(header.utf8) + [UInt8](repeating: 0, count: data)
    }

    private func entry(_ offsets: String, dtype: String = "F32", shape: String = "[4]") -> String {
        "{\"dtype\":\"\(dtype)\",\"shape\":\(shape),\"data_offsets\":\(offsets)}"
    }

    @Test(arguments: [
        ("{\"a\":ENTRY,\"b\":ENTRY}", "overlaps"), ("{\"a\":HOLE}", "hole"), ("{\"a\":REVERSED}", "reversed"),
        ("{\"a\":ENTRY,\"a\":ENTRY}", "stands twice"), ("{\"a\":DTYPE}", "unknown dtype \"F8_E4M3\""),
        ("{\"a\":SHAPE}", "needs 20 bytes"), ("{\"a\":NEGATIVE}", "not a possible size"),
        ("{\"a\":FRACTION}", "no list of integers"), ("{\"a\":1}", "accepted is an object"),
        ("[]", "no weights format"),
        ("{\"a\":ENTRY", "comma or closing brace"), ("{}", "belong to no tensor"),
        ("{\"__metadata__\":{\"k\":1}}", "a string"),
        ("{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16],\"x\":1}}", "unknown field"),
        ("{\"a\":{\"shape\":[4],\"data_offsets\":[0,16]}}", "no dtype"), ("{\"a\":ENTRY} x", "after the end"),
        ("{\"a\":HUGE}", "no list of integers"), ("{\"\\ud800\":ENTRY}", "surrogate"),
    ])
    func refusesHeadersThatLie(header: String, reason: String) {
        let parts = [
            "ENTRY": entry("[0,16]"), "HOLE": entry("[16,32]"), "REVERSED": entry("[16,0]"),
            "DTYPE": entry("[0,16]", dtype: "F8_E4M3"), "SHAPE": entry("[0,16]", shape: "[5]"),
            "NEGATIVE": entry("[0,16]", shape: "[-4]"), "FRACTION": entry("[0,16]", shape: "[4.0]"),
            "HUGE": entry("[0,16]", shape: "[99999999999999999999]"),
        ]
        let text = parts.reduce(header) { $0.replacingOccurrences(of: $1.key, with: $1.value) }
        CheckpointFiles.expectRefused(file(text, data: 32), reason)
    }

    @Test func refusesImpossibleHeaderLengths() {
        for length in [UInt64.max, 1 << 63, 100_000_001, 1 << 20] {
            CheckpointFiles.expectRefused(little(length) + Array("{}".utf8), "header length")
        }
        CheckpointFiles.expectRefused([1, 2, 3], "no weights format")
    }

    @Test func refusesTooManyTensors() {
        let entries = (0...100_000).map { "\"\($0)\":" + entry("[0,0]", shape: "[0]") }
        CheckpointFiles.expectRefused(file("{" + entries.joined(separator: ",") + "}", data: 0), "100001 tensors")
    }

    @Test func refusesDeepNesting() {
        let deep = String(repeating: "[", count: 100_000)
        CheckpointFiles.expectRefused(file("{\"a\":" + deep + "}", data: 0), "nested deeper")
    }

    @Test func aSealTellsEveryDamageAndChangesNothingElse() throws {
        try withTemporaryDirectory { directory in
            let (plain, sealed) = (directory + "/plain", directory + "/sealed")
            let state = StateDict(
                tensors: ["a": StoredTensor(Tensor(shape: [2], values: [1, 2]))], metadata: ["k": "\"sha256\":\""])
            try SafetensorsWriter.write(state, to: plain)
            try SafetensorsWriter.write(state, to: sealed, isSealed: true)
            #expect(!(try SafetensorsSeal.isWhole(plain)))
            #expect(try SafetensorsSeal.isWhole(sealed))
            let read = try CheckpointReader.read(sealed)
            #expect(read.tensors["a"]?.floats().values == [1, 2] && read.metadata["k"] == state.metadata["k"])
            let whole = try Data(contentsOf: URL(filePath: sealed))
            for place in whole.indices.dropFirst(8) {
                var damaged = whole
                damaged[place] ^= 1
                try damaged.write(to: URL(filePath: sealed))
                #expect(!(try SafetensorsSeal.isWhole(sealed)), "byte \(place)")
            }
        }
    }

    @Test func readsBackWhatItWrites() throws {
        let state = StateDict(
            tensors: [
                "scalar": StoredTensor(Tensor(shape: [], values: [4.6])),
                "matrix \"q\"\n\u{1F3C3}": StoredTensor(
                    Tensor(shape: [2, 3], values: [1, -2, 0.5, 3e38, .leastNonzeroMagnitude, -0])),
                "empty": StoredTensor(Tensor(shape: [0], values: [])),
            ], metadata: ["config": "{\"a\": 1}\t"])
        try CheckpointFiles.withFolder { folder in
            let path = folder + "/a.safetensors"
            let receipt = try SafetensorsWriter.write(state, to: path)
            let bytes = try Data(contentsOf: URL(filePath: path))
            #expect(bytes.count == receipt.byteCount)
            #expect(bytes.withUnsafeBytes { SHA256.hex(of: $0) } == receipt.digest)
            #expect(bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) } % 8 == 0)
            let back = try CheckpointReader.read(path)
            #expect(back.metadata == state.metadata)
            #expect(Set(back.tensors.keys) == Set(state.tensors.keys))
            for (name, tensor) in state.tensors {
                #expect(back.tensors[name]?.floats() == tensor.floats())
                #expect(back.tensors[name]?.mappedFloats.map(Array.init) == tensor.floats().values)
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["a.safetensors"])
        }
    }

    @Test func leavesTheOldFileWhenWritingFails() throws {
        try CheckpointFiles.withFolder { folder in
            let state = StateDict(tensors: ["a": StoredTensor(Tensor(shape: [1], values: [1]))])
            #expect(throws: RecognizerError.self) {
                try SafetensorsWriter.write(state, to: folder + "/no/a.safetensors")
            }
            // A directory in the way: the rename fails after everything was written.
            try FileManager.default.createDirectory(atPath: folder + "/b", withIntermediateDirectories: true)
            try Data([1]).write(to: URL(filePath: folder + "/b/kept"))
            #expect(throws: RecognizerError.self) { try SafetensorsWriter.write(state, to: folder + "/b") }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["b"])
        }
    }

    @Test func roundsToHalvesAsIEEE754Says() throws {
        let values: [Float] = [
            1, -1, 0, -0, 65504, 65519, 65520, 1e9, -1e9, 6.1035156e-5, 5.9604645e-8, 2.9802322e-8, 2.9802326e-8,
            1.00048828125, 1.0014648, .infinity, 3.0517578e-5, 0.1,
        ]
        let state = StateDict(tensors: ["a": StoredTensor(Tensor(shape: [values.count], values: values))])
        try CheckpointFiles.withFolder { folder in
            try SafetensorsWriter.write(state, to: folder + "/h", as: .float16)
            let half = try #require(try CheckpointReader.read(folder + "/h").tensors["a"])
            // The last ten pass through the vector loop as well as through the loop of single elements.
            #expect(half.floats().values == values.map { Float(Float16($0)) })
            try SafetensorsWriter.write(state, to: folder + "/b", as: .bfloat16)
            let brain = try #require(try CheckpointReader.read(folder + "/b").tensors["a"]).floats().values
            #expect(brain[13] == 1 && brain[17] == 0.10009765625 && brain[15] == .infinity)
        }
    }

    @Test func convertsEveryElementType() throws {
        let parts: [(String, [UInt8])] = [
            ("F64", little(Double(-2.5).bitPattern)), ("I64", little(Int64(-3))), ("I32", little(Int32(7))),
            ("I16", little(Int16(-9))), ("I8", [0xFF]), ("U8", [200]), ("BOOL", [1]),
        ]
        var header: [String] = []
        var data: [UInt8] = []
        for (type, bytes) in parts {
            header.append(
                "\"\(type)\":" + entry("[\(data.count),\(data.count + bytes.count)]", dtype: type, shape: "[1]"))
            data += bytes
        }
        let text = "{" + header.joined(separator: ",") + "}"
        let state = try CheckpointFiles.read(little(UInt64(text.utf8.count)) + Array(text.utf8) + data)
        let values = parts.map { state.tensors[$0.0]?.floats().values }
        #expect(values == [[-2.5], [-3], [7], [-9], [-1], [200], [1]])
        #expect(state.tensors["I64"]?.integers() == [-3])
    }

    @Test(arguments: [ElementType.float32, .float16, .bfloat16])
    func findsValuesThatAreNotFinite(type: ElementType) throws {
        try CheckpointFiles.withFolder { folder in
            for value in [Float.nan, .infinity, -.infinity, 1] {
                let values = [Float](repeating: 0.5, count: 40) + [value]
                let state = StateDict(tensors: ["a": StoredTensor(Tensor(shape: [41], values: values))])
                try SafetensorsWriter.write(state, to: folder + "/a", as: type)
                #expect(try CheckpointReader.read(folder + "/a").tensors["a"]?.isFinite == value.isFinite)
            }
        }
    }
}
