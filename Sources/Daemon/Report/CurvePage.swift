import Foundation
import Recognizer

/// The page of a training, made anew as it goes: curves, epochs, settings, and what was left out.
struct CurvePage {
    private let name: String
    private let recipe: TrainRecipe
    private var writtenAt: ContinuousClock.Instant?

    private static let period = Duration.seconds(20)

    init(name: String, recipe: TrainRecipe) {
        self.name = name
        self.recipe = recipe
    }

    var isDue: Bool { writtenAt.map { ContinuousClock.now - $0 >= Self.period } ?? true }

    /// How the run stands.
    enum State: Equatable {
        case underWay, finished
        /// For a reason that a later start of the same run may take away.
        case ended(String)
    }

    mutating func write(_ records: [RunRecord], to path: String, _ state: State) throws {
        writtenAt = .now
        try ReplacementFile.write(html(records, state), to: path)
    }

    func html(_ records: [RunRecord], _ state: State) -> String {
        let content = Content(records, recipe)
        let page = HTMLPage(
            title: "Training \(name)",
            body: [
                "<h1>Training \(name.inHTML)</h1>",
                "<p class=\"soft\">\(content.text(of: state).inHTML)</p>", content.cards, content.charts,
                content.epochTable, content.faults, settings,
            ])
        guard state == .underWay else { return page.text }
        let seconds = Int(Self.period / .seconds(1))
        return page.text.replacing(
            "<meta charset=\"utf-8\">",
            with: "<meta charset=\"utf-8\">\n<meta http-equiv=\"refresh\" content=\"\(seconds)\">",
            maxReplacements: 1)
    }

    private var settings: String {
        let text = (try? recipe.yaml) ?? ""
        return "<h2>Settings</h2>\n<details><summary>every key</summary><pre><code>"
            + text.split(separator: "\n").map { String($0).inHTML }.joined(separator: "\n") + "</code></pre></details>"
    }
}

/// The records of a log, sorted out.
private struct Content {
    private let recipe: TrainRecipe
    private var begin: RunRecord.Begin?
    private var updates: [RunRecord.Update] = []
    private var epochs: [RunRecord.Epoch] = []
    private var skipped: [RunRecord.Skipped] = []
    private var unreadable: [RunRecord.Unreadable] = []

    init(_ records: [RunRecord], _ recipe: TrainRecipe) {
        self.recipe = recipe
        for record in records {
            switch record {
            case .begin(let value): begin = value
            case .update(let value): updates.append(value)
            case .epoch(let value): epochs.append(value)
            case .skipped(let value): skipped.append(value)
            case .unreadable(let value): unreadable.append(value)
            }
        }
    }

    private var perEpoch: Double { Double(max(begin?.updatesPerEpoch ?? 1, 1)) }
    private func place(_ update: RunRecord.Update) -> Double {
        Double(update.epoch) + Double(update.update + 1) / perEpoch
    }
    private func rate(_ update: RunRecord.Update) -> Double { Double(update.clips) / max(update.seconds, 1e-9) }

    func text(of state: CurvePage.State) -> String {
        let size = begin.map { " \($0.clips) clips, \($0.classes) classes, \($0.prompts) prompts." } ?? ""
        let done = "\(epochs.count) of \(recipe.epochs) epochs"
        return switch state {
        case .underWay: "Under way: \(done).\(size) This page shows itself again as it goes."
        case .finished: "Finished: \(done).\(size)"
        case .ended(let reason): "Ended after \(done): \(reason).\(size)"
        }
    }

    var cards: String {
        var cards: [(String, String)] = []
        if let last = epochs.last {
            if let top1 = last.top1 { cards.append((String.percent(top1, digits: 1), "top-1 of the validation clips")) }
            cards.append((String(format: "%.3f", last.loss), "loss, mean of the last epoch"))
        } else if let last = updates.last {
            cards.append((String(format: "%.3f", last.loss), "loss of the last update"))
        }
        if let best = epochs.last(where: \.isBest), let top1 = best.top1 {
            cards.append((String.percent(top1, digits: 1), "best top-1, after epoch \(best.epoch + 1)"))
        }
        let late = updates.suffix(50)
        let seconds = late.reduce(0) { $0 + $1.seconds }
        if seconds > 0 {
            let clips = late.reduce(0) { $0 + $1.clips }
            cards.append((String(format: "%.1f", Double(clips) / seconds), "clips/s of late"))
            let waited = late.reduce(0) { $0 + $1.waited }
            cards.append((String.percent(waited / seconds, digits: 1), "of the time waiting for clips"))
        }
        if !skipped.isEmpty { cards.append(("\(skipped.count)", "updates skipped")) }
        let leftOut = unreadable.count { $0.isValidation != true }
        if leftOut > 0 { cards.append(("\(leftOut)", "clips left out")) }
        return "<div class=\"cards\">"
            + cards.map { "<div class=\"card\"><b>\($0.0.inHTML)</b><span>\($0.1.inHTML)</span></div>" }.joined()
            + "</div>"
    }

    var charts: String {
        let width = Double(recipe.epochs)
        typealias Series = CurveChart.Series
        func epochs(_ value: (RunRecord.Epoch) -> Double?) -> [(x: Double, y: Double)] {
            self.epochs.compactMap { epoch in value(epoch).map { (Double(epoch.epoch + 1), $0) } }
        }
        let charts = [
            CurveChart(
                title: "Loss",
                series: [
                    Series(
                        name: "updates", colour: "--good", isThin: true, points: updates.map { (place($0), $0.loss) }),
                    Series(name: "epochs", colour: "--good", isThin: false, points: epochs(\.loss)),
                ], width: width, label: { String(format: "%g", $0) }),
            CurveChart(
                title: "Accuracy",
                series: [
                    Series(
                        name: "training clips, as augmented and mixed", colour: "--soft", isThin: false,
                        points: epochs(\.accuracy)),
                    Series(name: "validation, top-1", colour: "--good", isThin: false, points: epochs(\.top1)),
                    Series(name: "top-5", colour: "--bad", isThin: false, points: epochs(\.top5)),
                ], width: width, label: { String.percent($0, digits: 0) }, top: 1),
            CurveChart(
                title: "Learning rate",
                series: [
                    Series(name: "base", colour: "--good", isThin: false, points: updates.map { (place($0), $0.rate) })
                ], width: width, label: { $0 == 0 ? "0" : String(format: "%.2g", $0) }),
            CurveChart(
                title: "Clips a second",
                series: [
                    Series(
                        name: "updates", colour: "--good", isThin: true, points: updates.map { (place($0), rate($0)) }),
                    Series(name: "epochs", colour: "--good", isThin: false, points: epochs(\.clipsPerSecond)),
                ], width: width, label: { String(format: "%g", $0) }),
        ]
        return "<div class=\"side\">\n" + charts.map(\.html).joined(separator: "\n") + "\n</div>"
    }

    var epochTable: String {
        guard !epochs.isEmpty else { return "" }
        let rows = epochs.map { epoch in
            "<tr><td class=\"n\">\(epoch.epoch + 1)</td>"
                + HTMLPage.cell(String(format: "%.4f", epoch.loss), value: epoch.loss) + HTMLPage.bar(epoch.accuracy)
                + HTMLPage.bar(epoch.top1) + HTMLPage.bar(epoch.top5)
                + HTMLPage.cell(String(format: "%.1f", epoch.clipsPerSecond), value: epoch.clipsPerSecond)
                + HTMLPage.cell(EvalProgress.time(epoch.seconds), value: epoch.seconds) + "</tr>"
        }
        return "<h2>Epochs</h2>\n"
            + HTMLPage.table(
                [
                    ("epoch", true), ("loss", true), ("training", true), ("top-1", true), ("top-5", true),
                    ("clips/s", true), ("time", true),
                ], rows: rows, isLong: epochs.count > 20)
    }

    var faults: String {
        var out = ""
        if !skipped.isEmpty {
            out +=
                "<h2>Updates skipped</h2>\n"
                + HTMLPage.table(
                    [("epoch", true), ("update", true), ("why", false), ("clips", false)],
                    rows: skipped.suffix(200).map {
                        "<tr><td class=\"n\">\($0.epoch + 1)</td><td class=\"n\">\($0.update + 1)</td>"
                            + "<td>\($0.reason.inHTML)</td><td>\($0.clips.joined(separator: ", ").inHTML)</td></tr>"
                    }, isLong: skipped.count > 10)
        }
        if !unreadable.isEmpty {
            out +=
                "<h2>Clips that could not be read</h2>\n"
                + HTMLPage.table(
                    [("clip", false), ("of", false), ("kind", false), ("why", false)],
                    rows: unreadable.suffix(1000).map {
                        "<tr><td>\($0.clip.inHTML)</td><td>\($0.isValidation == true ? "validation" : "training")</td>"
                            + "<td>\($0.kind.inHTML)</td><td>\($0.reason.inHTML)</td></tr>"
                    }, isLong: unreadable.count > 10)
        }
        return out
    }
}
