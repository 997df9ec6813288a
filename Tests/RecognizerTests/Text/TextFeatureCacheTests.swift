import Foundation
import Testing

@testable import Recognizer

@Suite struct TextFeatureCacheTests {
    private static let actions = ["waving", "falling down"].map { ActionText(label: $0) }

    /// A model made of the golden checkpoint, and a cache beside it.
    private func withModel(_ body: (Model, TextFeatureCache, _ folder: String) throws -> Void) throws {
        try CheckpointFiles.withFolder { folder in
            _ = try ModelImport.run(
                source: CheckpointFiles.golden + "/expected.safetensors", output: folder + "/model")
            let model = try Model(
                path: folder + "/model", backend: CPUBackend.openBLAS(pool: WorkerPool(workers: 1)))
            try body(model, TextFeatureCache(directory: folder + "/cache/deep"), folder + "/cache/deep")
        }
    }

    private func files(_ folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    }

    private func change(_ path: String, _ body: (inout Data) -> Void) throws {
        var data = try Data(contentsOf: URL(filePath: path))
        body(&data)
        try data.write(to: URL(filePath: path))
    }

    @Test func storedFeaturesAreUsed() throws {
        try withModel { model, cache, folder in
            let computed = try model.vocabulary(Self.actions, cache: cache)
            let file = try #require(try files(folder).first)
            #expect(try files(folder).count == 1 && file.hasPrefix("text-"))
            // Other features under the same key come back: the text tower was not asked.
            let key = try #require(try CheckpointReader.read(folder + "/" + file).metadata["key"])
            var other = computed.features
            other.values[0] = 0.25
            cache.write(other, key: key)
            #expect(try model.vocabulary(Self.actions, cache: cache).features == other)
            #expect(try model.vocabulary(Self.actions, cache: nil) == computed)
        }
    }

    @Test func otherTextsTemplatesAndModelsAreOtherFiles() throws {
        try withModel { model, cache, folder in
            _ = try model.vocabulary(Self.actions, cache: cache)
            _ = try model.vocabulary(Self.actions.reversed(), cache: cache)
            _ = try model.vocabulary(Self.actions, templates: ["a video of {}"], cache: cache)
            _ = try model.vocabulary(Self.actions, templates: ["a video of {}", "{}"], cache: cache)
            #expect(try files(folder).count == 4)
            // Labels name scores, they are not what is encoded.
            let renamed = Self.actions.map { ActionText(label: $0.label.uppercased(), text: $0.text) }
            #expect(try model.vocabulary(renamed, cache: cache).labels == ["WAVING", "FALLING DOWN"])
            #expect(try files(folder).count == 4)
        }
    }

    @Test func damagedFilesAreComputedAnew() throws {
        try withModel { model, cache, folder in
            let computed = try model.vocabulary(Self.actions, cache: cache)
            let path = folder + "/" + (try #require(try files(folder).first))
            let good = try Data(contentsOf: URL(filePath: path))
            let damages: [(String, (inout Data) -> Void)] = [
                ("a bit of a value", { $0[$0.count - 3] ^= 0x10 }), ("cut short", { $0.removeLast(40) }),
                ("empty", { $0.removeAll() }), ("zeros", { $0.resetBytes(in: 0..<$0.count) }),
                ("longer", { $0.append(contentsOf: [0, 0, 0, 0]) }), ("header", { $0[0] ^= 0x01 }),
                ("a value that is none", { $0.replaceSubrange($0.count - 4..<$0.count, with: [0, 0, 0xC0, 0x7F]) }),
            ]
            for (name, damage) in damages {
                try change(path, damage)
                #expect(try model.vocabulary(Self.actions, cache: cache) == computed, "\(name)")
                #expect(try Data(contentsOf: URL(filePath: path)) == good, "\(name): repaired")
            }
        }
    }

    @Test func aFileUnderAnotherNameIsNotTaken() throws {
        try withModel { model, cache, folder in
            _ = try model.vocabulary(Self.actions, cache: cache)
            let first = try #require(try files(folder).first)
            let reversed = try model.vocabulary(Self.actions.reversed(), cache: cache)
            let second = try #require(try files(folder).first { $0 != first })
            try FileManager.default.removeItem(atPath: folder + "/" + second)
            try FileManager.default.copyItem(atPath: folder + "/" + first, toPath: folder + "/" + second)
            #expect(try model.vocabulary(Self.actions.reversed(), cache: cache) == reversed)
        }
    }

    @Test func otherShapeIsNotTaken() throws {
        try withModel { model, cache, folder in
            let computed = try model.vocabulary(Self.actions, cache: cache)
            let path = folder + "/" + (try #require(try files(folder).first))
            let key = try #require(try CheckpointReader.read(path).metadata["key"])
            let shape = computed.features.shape
            cache.write(Tensor(shape: [shape[1], shape[0], shape[2]], values: computed.features.values), key: key)
            #expect(cache.read(key: key, shape: shape) == nil)
            #expect(try model.vocabulary(Self.actions, cache: cache) == computed)
        }
    }

    @Test func worksWithoutAPlaceToStore() throws {
        try withModel { model, _, folder in
            let file = folder + "-is-a-file"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try Data().write(to: URL(filePath: file))
            let nowhere = TextFeatureCache(directory: file + "/cache")
            #expect(
                try model.vocabulary(Self.actions, cache: nowhere) == model.vocabulary(Self.actions, cache: nil))
        }
    }
}
