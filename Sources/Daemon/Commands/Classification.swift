import Foundation
import Pipeline
import Recognizer
import Synchronization

/// Scores of one file, window by window or as a whole, and how they are shown.
struct Classification {
    struct Window: Encodable {
        /// Seconds of the first and last frame.
        let start: Double
        let end: Double
        /// By label.
        let scores: [String: Double]
        let top: String
        let score: Double

        var centre: Double { (start + end) / 2 }
    }

    let model: Model
    let vocabulary: Vocabulary
    let file: String

    /// Scores of the clip as one window, (C).
    ///
    /// - Parameter patches: (T, N, 3*P*P)
    func wholeClip(_ patches: [Float]) throws -> [Float] {
        let frames = model.geometry.frames
        let session = try model.makeSession(capacity: VisionCapacity(frames: frames, windows: 1, slots: frames))
        let slots = Array(0..<frames)
        var feature = [Float](repeating: 0, count: model.geometry.embeddingWidth)
        var scores: [Float] = []
        session.encodeFrames(patches, count: frames, slots: slots)
        session.encodeWindows(slots, count: 1, videoFeatures: &feature)
        session.score(feature, vocabulary, scores: &scores)
        return scores
    }

    /// Every window of the file, in order.
    func windows(period: Duration, hop: Int, progress: ProgressLine) throws -> [Window] {
        let labels = vocabulary.labels
        let plan = CameraPlan(
            name: "file", view: ViewGeometry(), period: period, hop: hop,
            labels: labels.map { ActionTracker.Label(name: $0, rules: EventRules()) }, vocabulary: vocabulary)
        let source = try FrameSources.make(location: .file(path: file), name: file)
        let collected = Mutex(Collected())
        let done = DispatchSemaphore(value: 0)
        let pipeline = VideoPipeline(
            plans: [plan], sources: [source],
            session: try model.makeSession(capacity: VideoPipeline.capacity(cameras: 1, geometry: model.geometry)),
            mean: model.config.mean, deviation: model.config.deviation
        ) { _, output in
            switch output {
            case .report(.window(let observation)):
                progress.show(seconds: observation.end.seconds)
                collected.withLock { $0.windows.append(Self.window(observation, labels)) }
            case .trouble(.unusableFrame(let reason)), .broken(let reason):
                collected.withLock { $0.failure = $0.failure ?? CommandFailure(.dataError, "\(self.file): \(reason)") }
            case .ended(let error):
                collected.withLock { $0.failure = error ?? $0.failure }
                done.signal()
            case .report, .trouble(.tooFewFrames):
                break
            }
        }
        pipeline.start()
        done.wait()
        pipeline.stop()
        progress.clear()
        let result = collected.withLock { $0 }
        if let failure = result.failure { throw failure }
        return result.windows
    }

    private struct Collected: Sendable {
        var windows: [Window] = []
        var failure: (any Error)?
    }

    private static func window(_ observation: WindowObservation, _ labels: [String]) -> Window {
        let best = observation.scores.indices.max { observation.scores[$0] < observation.scores[$1] } ?? 0
        let scores = zip(labels, observation.scores.map { rounded($0) })
        return Window(
            start: observation.start.seconds, end: observation.end.seconds,
            scores: Dictionary(uniqueKeysWithValues: scores), top: labels[best],
            score: rounded(observation.scores[best]))
    }

    private static func rounded(_ score: Float) -> Double { (Double(score) * 1e5).rounded() / 1e5 }

    private struct Document: Encodable {
        let file: String
        let model: String
        var windows: [Window]?
        var scores: [String: Double]?
        var top: String?
    }

    func json(windows: [Window]) throws -> String {
        try encode(Document(file: file, model: model.identity, windows: windows))
    }

    func json(scores: [Float]) throws -> String {
        let best = scores.indices.max { scores[$0] < scores[$1] } ?? 0
        let byLabel = Dictionary(uniqueKeysWithValues: zip(vocabulary.labels, scores.map { Self.rounded($0) }))
        return try encode(
            Document(file: file, model: model.identity, scores: byLabel, top: vocabulary.labels[best]))
    }

    private func encode(_ document: Document) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(document), as: UTF8.self)
    }

    func table(scores: [Float], top: Int) -> String {
        scores.indices.sorted { scores[$0] > scores[$1] }.prefix(top)
            .map { String(format: "%.3f  ", scores[$0]) + vocabulary.labels[$0].escapedForLog }.joined(separator: "\n")
    }

    /// A row for each stretch of windows with the same top action: from, to, its mean scores, highest first.
    ///
    /// - Parameter step: seconds from one window to the next; a window speaks for that much time around its centre.
    func table(windows: [Window], step: Double, top: Int) -> String {
        var rows: [[Window]] = []
        for window in windows {
            if rows.last?.last?.top == window.top {
                rows[rows.count - 1].append(window)
            } else {
                rows.append([window])
            }
        }
        let width = vocabulary.labels.map(\.escapedForLog.count).max() ?? 0
        let end = windows.last?.end ?? 0
        let lines = rows.map { row in
            let means = vocabulary.labels.map { label in
                (label: label, score: row.map { $0.scores[label] ?? 0 }.reduce(0, +) / Double(row.count))
            }
            let shown = means.sorted { $0.score > $1.score }.prefix(top).map {
                String(format: "%.2f ", $0.score)
                    + $0.label.escapedForLog.padding(toLength: width, withPad: " ", startingAt: 0)
            }
            let from = max(0, (row.first?.centre ?? 0) - step / 2)
            let to = min(end, (row.last?.centre ?? 0) + step / 2)
            return Self.clock(from) + "  " + Self.clock(to) + "   "
                + shown.joined(separator: "  ")
        }
        return (["from     to        actions, mean score"] + lines)
            .map { $0.replacing(/\s+$/, with: "") }.joined(separator: "\n")
    }

    private static func clock(_ seconds: Double) -> String {
        String(format: "%d:%04.1f", Int(seconds) / 60, seconds - Double(Int(seconds) / 60 * 60)).leftPadded(to: 7)
    }
}

extension String {
    fileprivate func leftPadded(to width: Int) -> String { String(repeating: " ", count: max(0, width - count)) + self }
}
