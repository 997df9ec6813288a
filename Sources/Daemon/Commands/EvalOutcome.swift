import ArgumentParser
import Foundation
import Pipeline
import Recognizer

/// What is told and written of a finished evaluation, and how the command ends.
struct EvalOutcome {
    let dump: EvaluationDump
    let settings: EvalSettings
    let isJSON: Bool
    let ablates: Bool

    private let result: EvaluationResult
    private let accuracy: TopAccuracy
    private let metrics: EvaluationMetrics

    /// - Throws: `PipelineError` for a dump without clips.
    init(dump: EvaluationDump, settings: EvalSettings, isJSON: Bool, ablates: Bool) throws {
        self.dump = dump
        self.settings = settings
        self.isJSON = isJSON
        self.ablates = ablates
        result = dump.result()
        accuracy = TopAccuracy(result)
        metrics = try EvaluationMetrics(result: result)
    }

    /// Writes and prints everything.
    ///
    /// - Parameter cache: where indices of archives are kept.
    func tell(cache: String?) throws {
        // The dump may lie there.
        if let directory = settings.report { try OutputFolder.make(directory) }
        if let path = settings.dump { try dump.write(to: OutputFile.target(of: path)) }
        if let directory = settings.report {
            let pictures = EvalPictures(dump, data: settings.data, cache: cache)
            try EvaluationReport.write(
                result: result, metrics: metrics,
                thumbnails: { try pictures?.thumbnails(of: $0, side: EvaluationReport.thumbnailSide) ?? [] },
                to: directory)
        }
        let ablation = ablates ? PromptAblation.results(dump).map { ($0.choice, TopAccuracy($0.result)) } : []
        print(isJSON ? json(ablation).pretty : text(ablation))
    }

    private var unreadable: Int { result.clips.count { $0.failure != nil } }
    private var mostBad: Double { settings.maxBad ?? EvalSettings.mostBad }
    var hasTooManyUnreadable: Bool { Double(unreadable) > mostBad * Double(result.clips.count) }

    /// Throws `CommandFailure` 65 above the largest share of unreadable clips, `ExitCode` 1 below the least top-1.
    func judge() throws {
        guard !hasTooManyUnreadable else {
            throw CommandFailure(
                .dataError,
                "\(unreadable) of \(result.clips.count) clips could not be read, more than --max-bad"
                    + " \(Self.percent(mostBad, digits: 1)) allows")
        }
        if let least = settings.minTop1, accuracy.top1 < least {
            let line = "top-1 \(Self.percent(accuracy.top1)) is below the least accepted, \(Self.percent(least))"
            StandardError.tell(line)
            throw ExitStatus.negative.code
        }
    }

    private func text(_ ablation: [(PromptAblation.Choice, TopAccuracy)]) -> String {
        let record = result.record
        var lines = [
            "model     \(record.model), \(record.frames) frames, \(record.mask), \(record.precision)",
            "list      \(record.list.escapedForLog): \(accuracy.clips) clips, \(result.labels.count) classes"
                + (dump.clips.count < dump.total ? ", a part of \(dump.total)" : ""),
            "views     \(record.views), \(record.sampling)" + (record.seed.map { ", seed \($0)" } ?? ""),
            "prompts   " + dump.families.map { "\($0.count) \($0.name)" }.joined(separator: ", "),
            "top-1     \(Self.text(metrics.top1))  (\(accuracy.correct) of \(accuracy.clips))",
            "top-5     \(Self.text(metrics.top5))  (\(accuracy.amongFive) of \(accuracy.clips))",
            "per class \(Self.text(metrics.meanClassAccuracy))  (mean over classes)",
        ]
        if let precision = metrics.meanAveragePrecision { lines.append("mAP       \(Self.percent(precision))") }
        if let calibration = metrics.calibration {
            lines.append(
                "ECE       \(Self.percent(calibration.error)), "
                    + String(format: "%.2f", calibration.errorAtTemperature * 100) + " % at temperature "
                    + String(format: "%.3f", calibration.temperature))
        }
        if let published {
            let top5 = published.top5.map { String(format: ", top-5 %.1f %%", $0) } ?? ""
            lines.append(String(format: "published top-1 %.1f %%", published.top1) + top5)
        }
        if record.seconds > 0 {
            let rate = Double(accuracy.clips) / record.seconds
            lines.append(String(format: "time      %.1f s, %.1f clips/s", record.seconds, rate))
        }
        lines += unreadableLines
        lines += Self.table(ablation)
        return lines.joined(separator: "\n")
    }

    private var published: EvalSettings.Published? {
        KroneckerMask(rawValue: dump.record.mask).flatMap { settings.published?[$0] }
    }

    /// A line for each kind of failure, and the first clips of each.
    private var unreadableLines: [String] {
        let failed = result.clips.filter { $0.failure != nil }
        guard !failed.isEmpty else { return [] }
        var lines = ["unreadable \(failed.count) of \(result.clips.count) clips, counted as wrong:"]
        for kind in ClipFailure.Kind.allCases {
            let some = failed.filter { $0.failure?.kind == kind }
            guard !some.isEmpty else { continue }
            lines.append("  \(kind.rawValue): \(some.count)")
            lines += some.prefix(5).map { "    \($0.name.escapedForLog): \(($0.failure?.reason ?? "").escapedForLog)" }
            if some.count > 5 { lines.append("    and \(some.count - 5) more") }
        }
        return lines
    }

    static func table(_ ablation: [(PromptAblation.Choice, TopAccuracy)]) -> [String] {
        guard !ablation.isEmpty else { return [] }
        let width = max(ablation.map(\.0.name.count).max() ?? 0, "prompts".count)
        func row(_ name: String, _ count: String, _ top1: String, _ top5: String) -> String {
            func right(_ text: String, _ width: Int) -> String {
                String(repeating: " ", count: max(width - text.count, 0)) + text
            }
            return name.padding(toLength: width, withPad: " ", startingAt: 0) + right(count, 7) + right(top1, 10)
                + right(top5, 10)
        }
        return ["", row("prompts", "number", "top-1", "top-5")]
            + ablation.map { row($0.name, "\($0.prompts.count)", percent($1.top1), percent($1.top5)) }
    }

    /// A figure and its interval, padded to one width.
    private static func text(_ figure: EvaluationMetrics.Figure) -> String {
        let interval = String(format: "[%.2f, %.2f]", figure.interval.low * 100, figure.interval.high * 100)
        func right(_ text: String, _ width: Int) -> String {
            String(repeating: " ", count: max(width - text.count, 0)) + text
        }
        return right(percent(figure.value), 8) + "  " + interval.padding(toLength: 16, withPad: " ", startingAt: 0)
    }

    private static func json(_ figure: EvaluationMetrics.Figure) -> JSONText {
        .list([.number(figure.interval.low), .number(figure.interval.high)])
    }

    static func percent(_ share: Double, digits: Int = 2) -> String { String(format: "%.*f %%", digits, share * 100) }

    private func json(_ ablation: [(PromptAblation.Choice, TopAccuracy)]) -> JSONText {
        let failed = result.clips.filter { $0.failure != nil }
        var entries: [(String, JSONText)] = [
            ("clips", .integer(accuracy.clips)), ("classes", .integer(result.labels.count)),
            ("correct", .integer(accuracy.correct)), ("top1", .number(accuracy.top1)), ("top5", .number(accuracy.top5)),
            ("mean_class_accuracy", .number(metrics.meanClassAccuracy.value)),
            ("top1_interval", Self.json(metrics.top1)), ("top5_interval", Self.json(metrics.top5)),
            ("mean_class_accuracy_interval", Self.json(metrics.meanClassAccuracy)),
            ("mean_average_precision", metrics.meanAveragePrecision.map(JSONText.number) ?? .null),
            ("calibration_error", metrics.calibration.map { .number($0.error) } ?? .null),
            ("unreadable", .integer(failed.count)),
            (
                "failures",
                .list(
                    failed.map { clip in
                        .object([
                            ("clip", .text(clip.name)), ("kind", .text(clip.failure?.kind.rawValue ?? "")),
                            ("reason", .text(clip.failure?.reason ?? "")),
                        ])
                    })
            ),
            ("record", Self.json(result.record)),
        ]
        if let published {
            entries.append(
                (
                    "published",
                    .object([("top1", .number(published.top1)), ("top5", published.top5.map(JSONText.number) ?? .null)])
                ))
        }
        if !ablation.isEmpty {
            entries.append(
                (
                    "ablation",
                    .list(
                        ablation.map { choice, accuracy in
                            .object([
                                ("prompts", .text(choice.name)), ("number", .integer(choice.prompts.count)),
                                ("top1", .number(accuracy.top1)), ("top5", .number(accuracy.top5)),
                            ])
                        })
                ))
        }
        return .object(entries)
    }

    private static func json(_ record: EvaluationRecord) -> JSONText {
        .object([
            ("version", .text(record.version)), ("model", .text(record.model)),
            ("weights", .text(record.weightsDigest)),
            ("precision", .text(record.precision)), ("data", .text(record.data)), ("list", .text(record.list)),
            ("list_digest", .text(record.listDigest)), ("frames", .integer(record.frames)),
            ("mask", .text(record.mask)),
            ("sampling", .text(record.sampling)), ("views", .text(record.views)),
            ("seed", record.seed.map { .text(String($0)) } ?? .null),
            ("templates", .list(record.templates.map(JSONText.text))),
            ("prompt_files", .list(record.promptFiles.map(JSONText.text))),
            ("prompts_digest", .text(record.promptsDigest)), ("seconds", .number(record.seconds)),
        ])
    }
}
