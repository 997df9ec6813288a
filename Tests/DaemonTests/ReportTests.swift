import Foundation
import Pipeline
import TestSupport
import Testing

@testable import Daemon

@Suite struct ReportTests {
    private static let thumbnail = [UInt8](repeating: 90, count: 96 * 96 * 3)

    private func page(
        _ result: EvaluationResult, command: [String] = ["claverd", "eval"],
        thumbnails: (Int) throws -> [[UInt8]] = { _ in [] }
    ) throws -> String {
        try withTemporaryDirectory { directory in
            try EvaluationReport.write(
                result: result, metrics: EvaluationMetrics(result: result, bootstrap: Bootstrap(resamples: 50)),
                command: command, thumbnails: thumbnails, to: directory + "/new/report")
            return try String(contentsOfFile: directory + "/new/report/report.html", encoding: .utf8)
        }
    }

    @Test func readsBackWhatItWrote() throws {
        var result = try DemoEvaluation.result()
        result.clips[4].scores = []
        result.clips[4].failure = ClipFailure(kind: .audioOnly, reason: "no video stream")
        try withTemporaryDirectory { directory in
            let metrics = try EvaluationMetrics(result: result, bootstrap: Bootstrap(resamples: 50))
            try EvaluationReport.write(result: result, metrics: metrics, thumbnails: { _ in [] }, to: directory)
            let expected = try EvaluationSummary(result)
            #expect(try EvaluationReport.read(directory) == expected)
            #expect(try EvaluationReport.read(directory + "/report.json") == expected)
            let data = try Data(contentsOf: URL(filePath: directory + "/report.json"))
            let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
            let figures = try #require(object["metrics"] as? [String: Any])
            #expect((figures["top1"] as? [String: Any])?["value"] as? Double == metrics.top1.value)
            #expect(figures["failures"] as? [String: Int] == ["audio_only": 1])
            #expect((object["record"] as? [String: Any])?["list_digest"] as? String == result.record.listDigest)
            #expect(object["schema"] as? Int == 1)
        }
    }

    @Test func saysWhereAReportIsDamaged() throws {
        try withTemporaryDirectory { directory in
            let file = directory + "/report.json"
            #expect(throws: CommandFailure.self) { try EvaluationReport.read(directory) }
            try #"{"schema": 1, "labels": []}"#.write(toFile: file, atomically: true, encoding: .utf8)
            do {
                _ = try EvaluationReport.read(file)
                Issue.record("accepted")
            } catch {
                #expect(FailureReport(error).status == .dataError)
                #expect("\(error)".hasPrefix("\(file): not a report of claverd eval: the document lacks "))
            }
        }
    }

    @Test func fetchesNothingAndRunsNothingFromOutside() throws {
        let attack = "<script>alert('1')</script><img src=x onerror=\"alert(2)\">"
        var result = try DemoEvaluation.result()
        result.labels[0] = attack
        result.record.model = attack
        result.record.list = attack
        result.record.templates = [attack]
        for index in 0..<30 { result.clips[index].scores.reverse() }
        result.clips[0].name = attack + "\u{202E}\n"
        result.clips[1].scores = []
        result.clips[1].failure = ClipFailure(kind: .refused, reason: attack)
        let page = try page(result, command: ["claverd", attack])
        #expect(!page.contains("<script>alert") && !page.contains("<img src=x") && !page.contains("\u{202E}"))
        #expect(page.contains("&lt;script&gt;alert(&#39;1&#39;)"))
        #expect(!page.contains("http://") && !page.contains("https://") && !page.contains("@import"))
        let sources = page.matches(of: /src="([^"]{0,15})/).map { String($0.1) }
        #expect(sources.allSatisfy { $0.hasPrefix("data:image/png") })
    }

    @Test func showsTheFramesOfTheWorstMistakesOnly() throws {
        var result = try DemoEvaluation.result()
        for index in 0..<40 { result.clips[index].scores.reverse() }
        var asked: [Int] = []
        let page = try page(result) { index in
            asked.append(index)
            if asked.count == 3 { throw CommandFailure(.noInput, "gone") }
            return [[UInt8]](repeating: Self.thumbnail, count: 16)
        }
        #expect(asked.count == 20 && Set(asked).count == 20)
        let clips = try EvaluationSummary(result).clips
        #expect(asked.map { clips[$0].margin ?? 0 } == asked.map { clips[$0].margin ?? 0 }.sorted(by: >))
        #expect(page.matches(of: /<img class="strip"/).count == 19)
        #expect(page.matches(of: /<div class="mistake">/).count == 20)
    }

    @Test(arguments: [2, 15, 60, 61, 400]) func drawsTheConfusionsOfAnyNumberOfClasses(count: Int) throws {
        var result = try DemoEvaluation.result()
        result.labels = (0..<count).map { "class \($0)" }
        for index in result.clips.indices {
            result.clips[index].classes = [index % count]
            result.clips[index].scores = (0..<count).map { $0 == (index * index) % count ? 0.9 : 0.1 / Float(count) }
        }
        let page = try page(result)
        #expect(page.contains("aria-label=\"Confusion matrix\"") == (count <= 60))
        #expect(page.contains("class=\"matrix\"") == (count > 60))
        #expect(page.utf8.count < 1 << 20)
    }

    @Test func tellsOfALongListOfFailures() throws {
        var result = try DemoEvaluation.result()
        for index in result.clips.indices {
            result.clips[index].scores = []
            result.clips[index].failure = ClipFailure(kind: .missing, reason: "not in the archive")
        }
        let page = try page(result)
        #expect(page.contains("300 of 300 clips have no scores: 300 missing."))
        #expect(page.contains("200 more stand in report.json"))
    }
}

@Suite struct ReportComparisonTests {
    private func comparison() throws -> EvaluationComparison {
        let a = try DemoEvaluation.result()
        var b = a
        for index in stride(from: 0, to: 300, by: 10) { b.clips[index].scores.reverse() }
        b.record.mask = "KMCT"
        b.clips[0].name = a.clips[0].name
        return try EvaluationComparison(a: a, b: b)
    }

    @Test func readsAsATable() throws {
        let comparison = try comparison()
        let lines = comparison.text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        #expect(lines[2] == "300 clips compared")
        #expect(
            lines[4].split(separator: /\s{2,}/).map(String.init) == ["A", "B", "B - A, points", "95 % of B - A", "p"])
        let top1 = lines[5].split(separator: /\s{2,}/).map(String.init)
        #expect(top1.count == 6 && top1[0] == "top-1" && top1[1] == "99.33 %" && top1[5] == "< 0.0001")
        #expect(lines.contains("  mask: KMT | KMCT"))
        #expect(lines.contains { $0.hasSuffix("McNemar's test, chi-square with continuity correction") })
        #expect(lines.last?.hasPrefix("  and ") == true)
    }

    @Test func isAPageAndJSON() throws {
        let comparison = try comparison()
        #expect(comparison.html.hasPrefix("<!DOCTYPE html>") && comparison.html.contains("<code>KMCT</code>"))
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(comparison.json.utf8)) as? [String: Any])
        let test = try #require((object["top1"] as? [String: Any])?["test"] as? [String: Any])
        #expect(test["method"] as? String == "chi_square" && (test["p_value"] as? Double ?? 1) < 1e-4)
        #expect((object["changes"] as? [[String: Any]])?.count == comparison.changes.count)
    }
}
