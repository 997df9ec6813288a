import Foundation
import TestSupport
import Testing

/// `claverd classify` against the answers of the PyTorch reference, with the model that it trained.
@Suite(.tags(.golden), .timeLimit(.minutes(3))) struct ClassifyTests {
    private struct Answer: Decodable {
        struct Window: Decodable {
            let start: Double
            let end: Double
            let top: String
            let scores: [String: Double]
        }
        let top: String?
        let scores: [String: Double]?
        let windows: [Window]?
    }

    private func classify(_ file: String, _ more: String...) async throws -> Answer {
        let run = try await ProgramRun.awaited(
            builtClaverd, ["classify", file, "--json", "--model", Golden.path("demo/model")] + more)
        try #require(run.status == 0, "\(run.error)")
        return try JSONDecoder().decode(Answer.self, from: Data(run.output.utf8))
    }

    private func golden<T: Decodable>(_ name: String, as type: T.Type) throws -> T {
        try JSONDecoder().decode(type, from: Data(contentsOf: URL(filePath: Golden.path("demo/\(name)"))))
    }

    private struct AllScores: Decodable {
        let labels: [String]
        let windows: [[Float]]
    }

    /// The reference on its own frames, whose numbers are `round(k * 0.3 * 15)`.
    @Test func scoresEveryWindowOfTheSampleAsTheReference() async throws {
        let expected = try golden("sample-scores-all.json", as: AllScores.self)
        let windows = try #require(try await classify(DaemonSite.sample).windows)
        try #require(windows.count == expected.windows.count)
        for (window, scores) in zip(windows, expected.windows) {
            expectClose(
                expected.labels.map { Float(window.scores[$0] ?? -1) }, scores, .decodedVideo, "at \(window.start) s")
        }
    }

    private struct TopScores: Decodable {
        struct Window: Decodable {
            let start: Double
            let top: String
            let score: Float
        }
        let windows: [Window]
    }

    @Test func agreesWithTheReferencesBestActionInEveryWindow() async throws {
        let expected = try golden("sample-scores.json", as: TopScores.self).windows
        let windows = try #require(try await classify(DaemonSite.sample).windows)
        try #require(windows.count == expected.count)
        for (window, best) in zip(windows, expected) {
            let score = Float(window.scores[best.top] ?? -1)
            #expect(abs(score - best.score) < 0.05, "\(best.top) at \(best.start) s: \(score), \(best.score)")
        }
    }

    private struct Clip: Decodable {
        let top: String
        let score: Float
    }

    /// Two clips of each class, among them the two of 300 that the reference gets wrong and the hardest of the others.
    @Test func answersForWholeClipsAsTheReference() async throws {
        let clips = try golden("clips/expected.json", as: [String: Clip].self)
        #expect(clips.count == 30)
        for (name, expected) in clips.sorted(by: { $0.key < $1.key }) {
            let answer = try await classify(Golden.path("demo/clips/\(name)"), "--clip")
            #expect(answer.top == expected.top, "\(name)")
            let score = Float(try #require(answer.scores?[expected.top]))
            expectClose([score], [expected.score], .decodedVideo, name)
        }
    }

    @Test func showsARowForEachStretchOfTheSame() async throws {
        let run = try await ProgramRun.awaited(
            builtClaverd, ["classify", DaemonSite.sample, "--actions", "waving, falling down,walking right"])
        #expect(run.status == 0)
        let rows = run.output.split(separator: "\n").dropFirst()
        let tops = rows.compactMap { $0.firstMatch(of: #/0\.\d\d (\w+( \w+)?) /#).map { String($0.1) } }
        #expect(tops.count == rows.count && tops.contains("waving") && tops.contains("falling down"), "\(run.output)")
        #expect(zip(tops, tops.dropFirst()).allSatisfy { $0 != $1 })
    }

    @Test func refusesAPageThatWouldTakeThePlaceOfSomethingElse() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "explain-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let film = folder.appending(path: "film.mp4").path
        try FileManager.default.copyItem(atPath: DaemonSite.sample, toPath: film)
        let content = try Data(contentsOf: URL(filePath: film))
        let link = folder.appending(path: "link.html").path
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: film)
        for (page, status, reason) in [
            (film, 64 as Int32, "is to be read"), (link, 64, "is to be read"),
            ("/dev/null", 73, "not a regular file"), (folder.path + "/none/page.html", 73, "No such file"),
        ] {
            let run = try await ProgramRun.awaited(builtClaverd, ["classify", film, "--explain", page])
            #expect(run.status == status, "\(page): \(run.error)")
            #expect(run.error.contains("--explain \(page)") && run.error.contains(reason), "\(run.error)")
        }
        #expect(try Data(contentsOf: URL(filePath: film)) == content)
    }

    @Test func failsWhenWhatItPrintsDoesNotArrive() async throws {
        for (shell, status, reason) in [
            ("\(builtClaverd) version > /dev/full", 74 as Int32, "standard output: No space left"),
            ("\(builtClaverd) version >&-", 74, "standard output: Bad file descriptor"),
        ] {
            let run = try await ProgramRun.awaited("/bin/sh", ["-c", shell])
            #expect(run.status == status && run.error.contains(reason), "\(shell): \(run.status) \(run.error)")
        }
    }
}
