import Foundation
import Recognizer
import TestSupport

@testable import Pipeline

/// A small model with random weights and clips of random pictures.
enum EvaluationFixture {
    static let geometry = RandomModel.geometry()
    static let labels = (0..<5).map { "class \($0)" }

    static func makeSession(_ views: ViewProtocol) throws -> RecognizerSession {
        try RandomModel.session(geometry, capacity: ClipEncoder.capacity(views, geometry: geometry))
    }

    /// A clip of `frames` frames; the same number gives the same clip.
    static func clip(_ number: Int, frames: Int, _ views: ViewProtocol) -> DecodedClip {
        let planned = views.views(of: frames, clip: "\(number)")
        let perFrame = geometry.patches * geometry.patchValues
        var patches: [Float] = []
        for view in planned {
            for index in view.indices {
                var numbers = SeededNumbers(seed: UInt64(number * 1000 + index * 4) + area(view.geometry.crop))
                patches += numbers.floats(perFrame)
            }
        }
        return DecodedClip(totalFrames: frames, views: planned, patches: patches)
    }

    private static func area(_ crop: ViewGeometry.Crop) -> UInt64 {
        if case .third(let part) = crop { UInt64(part + 1) } else { 0 }
    }

    static func record(_ views: ViewProtocol, weights: String = "w", prompts: String = "p") -> EvaluationRecord {
        EvaluationRecord(
            version: "1", model: "random", weightsDigest: weights, precision: "float32", data: "clips",
            list: "list.txt",
            listDigest: "l", frames: views.frames, mask: "KMT", sampling: "segments",
            views: "\(views.clips)x\(views.crops)", seed: views.seed, templates: ["{}"], promptFiles: [],
            promptsDigest: prompts, seconds: 1.5)
    }

    static func store(_ clips: Int, _ views: ViewProtocol) throws -> FeatureStore {
        try FeatureStore(
            clips: clips, views: views.count, width: geometry.embeddingWidth,
            directory: FileManager.default.temporaryDirectory.path)
    }

    /// Lengths of the clips of a list, shorter than T and longer.
    static func frames(_ clip: Int) -> Int { 2 + clip * 3 }

    static let unreadable = ClipFailure(kind: .undecodable, reason: "its pictures cannot be decoded")

    /// Evaluates some clips of a list into a store. Clip 3 is unreadable.
    static func run(
        _ places: [Int], _ views: ViewProtocol, threads: Int, store: FeatureStore, journal: EvaluationJournal? = nil
    ) throws -> Int {
        let next = Counter()
        return try EvaluationRun(store: store, journal: journal, places: places, views: views).run(
            threads: threads, makeSession: { try makeSession(views) },
            next: {
                guard let index = next.take(below: places.count) else { return nil }
                let place = places[index]
                return (index, place == 3 ? .failure(unreadable) : .success(clip(place, frames: frames(place), views)))
            }, name: { "\($0)" }, progress: { _, _ in }
        ).done
    }

    static func dump(_ store: FeatureStore, _ indices: [Int], _ views: ViewProtocol) -> EvaluationDump {
        EvaluationDump(
            record: record(views),
            families: [PromptFamily(name: PromptFamily.templates, count: 2), PromptFamily(name: "synonyms", count: 1)],
            vocabulary: RandomModel.vocabulary(classes: labels.count, prompts: 3, geometry), scale: 20,
            total: store.outcomes.count, indices: indices,
            clips: indices.map { index in
                EvaluationDump.Clip(
                    name: "\(index).mp4", classes: [index % labels.count],
                    failure: store.outcomes[index] == .failed(unreadable) ? unreadable : nil)
            }, features: store.compacted(indices))
    }
}

/// Counts calls; `@unchecked Sendable`: `value` is guarded by `lock`.
final class Counter: @unchecked Sendable {
    private let lock = NSLock()
    private var value = 0

    func take(below end: Int) -> Int? {
        lock.withLock {
            defer { value += 1 }
            return value < end ? value : nil
        }
    }
}

extension FeatureStore {
    /// Every value's bits.
    var bits: [UInt32] { outcomes.indices.flatMap { features(of: $0).map(\.bitPattern) } }
}
