import Foundation
import Recognizer
import Synchronization
import TestSupport
import Testing

@testable import Pipeline

@Suite(.tags(.gstreamer), .timeLimit(.minutes(3))) struct KeptClipsTests {
    private static let geometry = ModelGeometry(
        imageSize: 32, patchSize: 16, frames: 4, visionWidth: 64, visionLayers: 1, temporalLayers: 1,
        embeddingWidth: 64, textWidth: 64, textLayers: 1, contextLength: 77, vocabularySize: 514, mask: .kmt)
    private static let names = ["b-frames.mp4", "ten-bit.mp4", "one-frame.mp4"]

    /// A store whose clips can be gone.
    private struct Store: ClipStore {
        let path = Golden.path("clips")
        var names: [String] { KeptClipsTests.names }
        let readable: @Sendable (String) -> Bool

        /// What cannot be read any more is told by its place being empty.
        func location(of name: String) -> ClipLocation? {
            .file(path: readable(name) ? "\(path)/\(name)" : "\(path)/not-there")
        }
    }

    /// Patches of all clips in an epoch; nil for one that could not be read.
    private func read(_ kept: KeptClips?, epoch: Int, gone: Set<String> = []) -> [[Float]?] {
        let clips = TrainingClips(
            entries: Self.names.map { ClipEntry(name: $0, classes: [0]) }, store: Store { !gone.contains($0) },
            config: ModelConfig(name: "m", geometry: Self.geometry, tokenizer: .bytes),
            draws: TrainingDraws(seed: 3), augmentation: AugmentationOptions(),
            options: ClipLoaderOptions(threads: 2), kept: kept)
        let loader = clips.loader(epoch: epoch, clips: [2, 0, 1])
        var out: [[Float]?] = []
        while let next = loader.next() { out.append(try? next.clip.get().patches) }
        return out
    }

    @Test func laterEpochsAreReadFromMemoryAndGiveTheSame() {
        let kept = KeptClips(byteLimit: 1 << 30)
        #expect(read(kept, epoch: 0) == read(nil, epoch: 0))
        let later = read(kept, epoch: 1, gone: Set(Self.names))
        #expect(later == read(nil, epoch: 1))
        #expect(later.compactMap { $0 }.count == 3 && later != read(nil, epoch: 2))
    }

    @Test func whatDoesNotFitIsDecodedAgain() {
        // The first clip that is taken has one frame, the others do not fit beside it.
        let kept = KeptClips(byteLimit: 100_000)
        _ = read(kept, epoch: 0)
        #expect(read(kept, epoch: 1) == read(nil, epoch: 1))
        #expect(read(kept, epoch: 1, gone: Set(Self.names)).contains { $0 == nil })
    }
}
