import Foundation
import TestSupport
import Testing

@testable import Recognizer

@Suite struct SpatialFeatureStoreTests {
    private static let geometry = RandomModel.geometry(spatialLayers: 1, temporalLayers: 1, mask: .kmt)

    private func store(_ path: String, key: String = "k", limit: Int = 1 << 30) throws -> SpatialFeatureStore {
        try SpatialFeatureStore(
            path: path, key: key, geometry: Self.geometry, clips: 3, views: 2, byteLimit: limit)
    }

    /// Numbers that bfloat16 holds exactly.
    private func features(_ store: SpatialFeatureStore, _ first: Int) -> [Float] {
        (0..<store.valueCount).map { Float(($0 + first) % 128) }
    }

    /// Keeps features of some clips and views, and closes the store.
    private func keep(_ kept: [(first: Int, clip: Int, view: Int)], at path: String) throws {
        let store = try store(path)
        for (first, clip, view) in kept { try store.keep(features(store, first), clip: clip, view: view) }
        try store.flush()
    }

    @Test func whatWasKeptIsThereTheNextTime() throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/f"
            do {
                let store = try store(path)
                #expect(!store.holds(clip: 2, view: 1))
                try store.keep(features(store, 5), clip: 2, view: 1)
                try store.keep(features(store, 9), clip: 0, view: 0)
                // Not before it is on the disk.
                #expect(!store.holds(clip: 2, view: 1))
                try store.flush()
            }
            let store = try store(path)
            #expect(store.holds(clip: 2, view: 1) && store.holds(clip: 0, view: 0) && !store.holds(clip: 2, view: 0))
            var out = [Float](repeating: -1, count: store.valueCount)
            try store.read(&out, clip: 2, view: 1)
            #expect(out == features(store, 5))
            try store.read(&out, clip: 0, view: 0)
            #expect(out == features(store, 9))
        }
    }

    @Test func whatIsDamagedIsToldAndNotThereAnyMore() throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/f"
            try keep([(5, 1, 0), (9, 1, 1), (12, 2, 1)], at: path)
            let file = try #require(FileHandle(forUpdatingAtPath: path))
            let store = try store(path)
            // A byte of the last clip's in the last view, and one of the clip's before.
            for distance in [1, 2 * store.valueCount + 1] {
                try file.seek(toOffset: file.seekToEnd() - UInt64(distance))
                try file.write(contentsOf: [0x3f])
            }
            var out = [Float](repeating: -1, count: store.valueCount)
            let error = #expect(throws: RecognizerError.self) { try store.read(&out, clip: 2, view: 1) }
            #expect("\(error, default: "")".hasPrefix("\(path): 2 of 6 features are damaged"))
            #expect(out.allSatisfy { $0 == -1 } && !store.holds(clip: 2, view: 1) && !store.holds(clip: 1, view: 1))
            try store.read(&out, clip: 1, view: 0)
            #expect(out == features(store, 5))
        }
    }

    @Test func featuresOfSomethingElseAreNotTaken() throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/f"
            try keep([(5, 2, 1)], at: path)
            #expect(!(try store(path, key: "other").holds(clip: 2, view: 1)))
        }
    }

    @Test func tooMuchIsRefusedBeforeAnythingIsThere() throws {
        try withTemporaryDirectory { directory in
            let error = #expect(throws: RecognizerError.self) { try store(directory + "/f", limit: 1000) }
            #expect("\(error, default: "")".contains("features_limit allows 1000"))
            #expect(!FileManager.default.fileExists(atPath: directory + "/f"))
        }
    }
}
