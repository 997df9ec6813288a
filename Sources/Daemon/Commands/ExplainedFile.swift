import Foundation
import Pipeline
import Recognizer

/// `classify --explain`: lays windows of a file open and writes the page.
struct ExplainedFile {
    private static let mostWindows = 8

    let model: Model
    let vocabulary: Vocabulary
    let file: String
    let workers: Int

    /// Explains the file as one clip.
    ///
    /// - Parameters:
    ///   - patches: (T, N, 3*P*P)
    ///   - scores: (C)
    func write(patches: [Float], scores: [Float], to path: String) throws {
        let maps = try model.makeAttentionMaps(pool: WorkerPool(workers: workers))
        let window = ExplainPage.Window(
            title: "The whole clip", scores: scores.map(Double.init), patches: patches, attention: maps.window(patches))
        try write(windows: [], shown: [window], to: path)
    }

    /// Explains the best window of each of the longest stretches with one top action.
    ///
    /// - Parameters:
    ///   - windows: all of the file, in order.
    ///   - period, hop: as they were made with.
    func write(windows: [Classification.Window], period: Duration, hop: Int, to path: String) throws {
        let chosen = Self.chosen(windows)
        let patches = try ExplainedFrames.patches(of: file, model: model, period: period, hop: hop, windows: chosen)
        let maps = try model.makeAttentionMaps(pool: WorkerPool(workers: workers))
        let shown = zip(chosen, patches).compactMap { window, patches -> ExplainPage.Window? in
            guard let patches else { return nil }
            return ExplainPage.Window(
                title: String(format: "%.2f to %.2f s: ", window.start, window.end) + window.top,
                scores: vocabulary.labels.map { window.scores[$0] ?? 0 }, patches: patches,
                attention: maps.window(patches))
        }
        try write(windows: windows, shown: shown, to: path)
    }

    /// In order of time.
    static func chosen(_ windows: [Classification.Window]) -> [Classification.Window] {
        var stretches: [[Classification.Window]] = []
        for window in windows {
            if stretches.last?.last?.top == window.top {
                stretches[stretches.count - 1].append(window)
            } else {
                stretches.append([window])
            }
        }
        let order = stretches.indices.sorted { (-stretches[$0].count, $0) < (-stretches[$1].count, $1) }
        return order.prefix(mostWindows).sorted().compactMap { stretches[$0].max { $0.score < $1.score } }
    }

    private func write(windows: [Classification.Window], shown: [ExplainPage.Window], to path: String) throws {
        let page = ExplainPage(
            model: model, labels: vocabulary.labels, file: file, windows: windows, shown: shown)
        try ReplacementFile.write(page.text, to: OutputFile.target(of: path))
    }
}
