#if OneDNN
    import Foundation
    import Synchronization
    import TestSupport
    import Testing

    @testable import Recognizer

    @Suite struct PackedWeightsCacheTests {
        private final class Log: Sendable {
            let lines = Mutex<[String]>([])
        }

        /// What a session on packed weights gives, and what the cache had to say.
        private func feature(_ folder: String, digest: String = "d", bytes: Bool = false) throws -> ([Float], [String])
        {
            let log = Log()
            let geometry = RandomModel.geometry()
            let pool = WorkerPool(workers: 2)
            var backend = try bytes ? CPUBackend.narrow(.int8, pool: pool) : CPUBackend.float32(pool: pool)
            backend.packedWeights = PackedWeightsCache(directory: folder) { line in
                log.lines.withLock { $0.append(line) }
            }
            let session = try RecognizerSession(
                weights: ModelWeights(RandomModel.state(geometry), digest: digest), geometry: geometry,
                backend: backend, capacity: VisionCapacity(frames: 4, windows: 1, slots: 4))
            var numbers = SeededNumbers(seed: 2)
            let patches = numbers.floats(4 * geometry.patches * geometry.patchValues)
            session.encodeFrames(patches, count: 4, slots: [0, 1, 2, 3])
            var feature = [Float](repeating: 0, count: geometry.embeddingWidth)
            session.encodeWindows([0, 1, 2, 3], count: 1, videoFeatures: &feature)
            return (feature, log.lines.withLock { $0 })
        }

        private func files(_ folder: String) throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        }

        @Test(arguments: [false, true]) func aSecondStartMapsWhatTheFirstPacked(bytes: Bool) throws {
            try CheckpointFiles.withFolder { folder in
                let (first, said) = try feature(folder, bytes: bytes)
                #expect(said.count == 1 && said[0].hasPrefix("packed weights are kept in \(folder)/packed-"))
                let before = try files(folder)
                #expect(before.count == 1)
                let (second, silence) = try feature(folder, bytes: bytes)
                #expect(second == first)
                #expect(silence.isEmpty, "\(silence)")
                #expect(try files(folder) == before)
            }
        }

        @Test func otherWeightsAndPrecisionsAreOtherFiles() throws {
            try CheckpointFiles.withFolder { folder in
                _ = try feature(folder)
                _ = try feature(folder, digest: "e")
                _ = try feature(folder, bytes: true)
                #expect(try files(folder).count == 3)
            }
        }

        @Test func damagedFilesAreMadeAnew() throws {
            try CheckpointFiles.withFolder { folder in
                let (whole, _) = try feature(folder)
                let path = folder + "/" + (try #require(try files(folder).first))
                let good = try Data(contentsOf: URL(filePath: path))
                var damaged: [Data] = [
                    Data(), good.prefix(50), good.prefix(good.count / 2), good.prefix(good.count - 64),
                ]
                for place in [3, 40, 120, good.count / 2, good.count - 70] {
                    var other = good
                    other[place] ^= 4
                    damaged.append(other)
                }
                for data in damaged {
                    try data.write(to: URL(filePath: path))
                    let (again, said) = try feature(folder)
                    #expect(again == whole)
                    #expect(said.first == "\(path) is damaged, weights are packed anew", "\(said)")
                    #expect(try Data(contentsOf: URL(filePath: path)) == good)
                }
            }
        }

        @Test func onlyTheLatestFewStay() throws {
            try CheckpointFiles.withFolder { folder in
                for index in 0..<7 { _ = try feature(folder, digest: "\(index)") }
                #expect(try files(folder).count == 4)
                #expect(try feature(folder, digest: "6").1.isEmpty)
            }
        }

        @Test func aDirectoryThatCannotBeMadeIsNoReasonToStop() throws {
            let (_, said) = try feature("/dev/null/cache")
            #expect(said.count == 1 && said[0].hasPrefix("packed weights are not kept: "), "\(said)")
        }
    }

#endif
