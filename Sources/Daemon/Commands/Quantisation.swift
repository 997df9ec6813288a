import Foundation
import Pipeline
import Recognizer

/// Finds how a model is quantised, and measures how the result agrees with float32 on windows of real video.
struct Quantisation {
    /// Windows on which each layer is tried alone.
    private static let windowsPerLayer = 8
    /// Of a long video only so many windows count, so that no video outweighs the others.
    private static let windowsPerVideo = 8
    /// With fewer the share that agrees says nothing.
    static let fewestWindows = 20

    let directory: ModelDirectory
    let files: [String]
    let actions: [ActionText]
    let period: Duration
    let pool: WorkerPool
    let progress: @Sendable (String) -> Void

    struct Outcome {
        let int8: PrecisionAgreement
        /// Nil where this processor has no bfloat16.
        let bf16: PrecisionAgreement?
    }

    /// - Throws: `CommandFailure` when int8 does not agree well enough.
    func run() throws -> Outcome {
        let reference = try scorer(.float32(pool: pool))
        let expected = try best(reference, "float32")
        guard expected.count >= Self.fewestWindows else {
            throw CommandFailure(
                .dataError,
                "the list gives \(expected.count) windows, at least \(Self.fewestWindows) are needed and 500 are better"
            )
        }
        func agreement(leaving layers: [String]) throws -> Double {
            let scorer = try scorer(.narrow(.int8, floatLayers: layers, pool: pool))
            let name = layers.isEmpty ? "int8" : "int8 but for \(layers.count) layers"
            return Self.agreement(try best(scorer, name), expected)
        }
        let whole = try agreement(leaving: [])
        // Layers one by one take the longest, and are of no interest where none needs to be left.
        var search = QuantisationSearch(errors: whole >= QuantisationSearch.enough ? [:] : try errors())
        search.take(agreement: whole)
        while let layers = search.candidate { search.take(agreement: try agreement(leaving: layers)) }
        guard let found = search.best, found.agreement >= Precision.int8.leastAgreement else {
            let share = String(format: "%.1f", (search.best?.agreement ?? 0) * 100)
            throw CommandFailure(
                .dataError,
                "int8 agrees with float32 on \(share) % of \(expected.count) windows, at least "
                    + "\(Precision.int8.leastAgreement * 100) % are needed; nothing is written")
        }
        let int8 = PrecisionAgreement(
            weightsDigest: directory.weightsDigest, windows: expected.count, top1: found.agreement,
            floatLayers: found.floatLayers)
        guard CPUBackend.hasBFloat16 else { return Outcome(int8: int8, bf16: nil) }
        let halves = Self.agreement(try best(scorer(.narrow(.bf16, pool: pool)), "bf16"), expected)
        return Outcome(
            int8: int8,
            bf16: PrecisionAgreement(
                weightsDigest: directory.weightsDigest, windows: expected.count, top1: halves))
    }

    private static func agreement(_ found: [Int], _ expected: [Int]) -> Double {
        Double(zip(found, expected).count { $0 == $1 }) / Double(max(expected.count, 1))
    }

    /// What each layer's quantisation alone does to a window's feature, which has length one at most: the squared distance.
    private func errors() throws -> [String: Double] {
        let (backend, switches) = try CPUBackend.switchable(pool: pool)
        let scorer = try scorer(backend)
        var errors: [String: Double] = [:]
        var windows = 0
        // Spread over the list: neighbours often show the same.
        let step = max(1, files.count / Self.windowsPerLayer)
        for file in stride(from: 0, to: files.count, by: step).map({ files[$0] }).prefix(Self.windowsPerLayer) {
            guard let patches = try scorer.windows.windows(of: file, most: 1).first else { continue }
            switches.compute(inBytes: [])
            let expected = scorer.feature(patches)
            for layer in switches.names {
                progress("layers alone, video \(windows + 1): \(layer)")
                switches.compute(inBytes: [layer])
                let distance = zip(scorer.feature(patches), expected).map { Double(($0 - $1) * ($0 - $1)) }
                errors[layer, default: 0] += distance.reduce(0, +)
            }
            windows += 1
        }
        return errors
    }

    /// The best label of every window of every file.
    private func best(_ scorer: WindowScorer, _ name: String) throws -> [Int] {
        var found: [Int] = []
        for (index, file) in files.enumerated() {
            progress("\(name): video \(index + 1) of \(files.count)")
            for patches in try scorer.windows.windows(of: file, most: Self.windowsPerVideo) {
                found.append(scorer.best(patches))
            }
        }
        return found
    }

    private func scorer(_ backend: CPUBackend) throws -> WindowScorer {
        let model = try Model(directory, backend: backend)
        // Texts in float32 always: what is compared is the image side.
        let texts = try Model(directory, backend: CPUBackend.float32(pool: pool))
        return try WindowScorer(
            model, vocabulary: texts.vocabulary(texts.withOwnPrompts(actions), cache: nil),
            windows: VideoWindows(directory.config, period: period))
    }
}

/// Scores windows that are given as patches.
private final class WindowScorer {
    let windows: VideoWindows
    private let session: RecognizerSession
    private let vocabulary: Vocabulary
    private let slots: [Int]
    private var scores: [Float] = []

    init(_ model: Model, vocabulary: Vocabulary, windows: VideoWindows) throws {
        let frames = model.geometry.frames
        session = try model.makeSession(capacity: VisionCapacity(frames: frames, windows: 1, slots: frames))
        slots = Array(0..<frames)
        self.vocabulary = vocabulary
        self.windows = windows
    }

    func feature(_ patches: [Float]) -> [Float] {
        var feature = [Float](repeating: 0, count: session.geometry.embeddingWidth)
        session.encodeFrames(patches, count: slots.count, slots: slots)
        session.encodeWindows(slots, count: 1, videoFeatures: &feature)
        return feature
    }

    func best(_ patches: [Float]) -> Int {
        session.score(feature(patches), vocabulary, scores: &scores)
        return scores.indices.max { scores[$0] < scores[$1] } ?? 0
    }
}
