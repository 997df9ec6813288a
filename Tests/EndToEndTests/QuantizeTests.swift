#if OneDNN
    import Foundation
    import Recognizer
    import TestSupport
    import Testing

    /// From a list of videos to a model that runs in int8.
    @Suite(.timeLimit(.minutes(5))) struct QuantizeTests {
        private func clips() throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: Golden.path("demo/clips"))
                .filter { $0.hasSuffix(".mp4") }.sorted()
        }

        @Test func theDemoModelAgreesInInt8() async throws {
            let site = try DaemonSite()
            let list = site.path("list.txt")
            let lines = try clips().enumerated().map { $0.isMultiple(of: 2) ? $1 : "\($1) \($0 % 15)" }
            try (lines.joined(separator: "\n") + "\n").write(toFile: list, atomically: true, encoding: .utf8)
            let run = try await ProgramRun.awaited(
                builtClaverd,
                ["model", "quantize", "demo", "--calibrate", list, "--folder", Golden.path("demo/clips")]
                    + ["--out", site.path("q")])
            try #require(run.status == 0, "\(run.error)")
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: site.path("")).allSatisfy {
                    !$0.contains("partial")
                })
            let model = try ModelDirectory.open(site.path("q"))
            let int8 = try #require(model.config.int8)
            #expect(int8.weightsDigest == model.weightsDigest)
            #expect(int8.windows >= lines.count && int8.top1 >= 0.985)

            let clip = Golden.path("demo/clips/" + (try #require(lines.first)))
            var answers: [[Substring]] = []
            for precision in ["f32", "int8"] {
                let run = try await ProgramRun.awaited(
                    builtClaverd,
                    ["classify", clip, "--model", site.path("q"), "--clip", "--top", "1", "--precision", precision])
                try #require(run.status == 0, "\(run.error)")
                answers.append(run.output.split(separator: " ", maxSplits: 1))
            }
            #expect(answers[0].last == answers[1].last)
        }

        @Test func tooFewWindowsAreRefused() async throws {
            let site = try DaemonSite()
            let list = site.path("list.txt")
            try (try #require(clips().first) + "\n").write(toFile: list, atomically: true, encoding: .utf8)
            let run = try await ProgramRun.awaited(
                builtClaverd,
                ["model", "quantize", "demo", "--calibrate", list, "--folder", Golden.path("demo/clips")]
                    + ["--out", site.path("q")])
            #expect(run.status == 65)
            #expect(run.error.contains("at least 20 are needed"), "\(run.error)")
            #expect(!FileManager.default.fileExists(atPath: site.path("q")))
        }

        @Test func placesThatCannotBeWrittenAreToldBeforeTheWork() async throws {
            let site = try DaemonSite()
            try "x".write(toFile: site.path("file"), atomically: true, encoding: .utf8)
            try FileManager.default.createSymbolicLink(
                atPath: site.path("link"), withDestinationPath: site.path("gone"))
            let places = [
                ("file", "it exists and is no folder"), ("no/q", "No such file or directory"),
                ("link", "a link to nothing"),
            ]
            for (out, reason) in places {
                // Were it done after the work, the list that is not there would be told first.
                let run = try await ProgramRun.awaited(
                    builtClaverd,
                    ["model", "quantize", "demo", "--calibrate", site.path("absent.txt"), "--out", site.path(out)])
                #expect(run.status == 73, "\(run.error)")
                #expect(run.error.contains(reason), "\(run.error)")
            }
        }

        @Test func int8WithoutCalibrationSaysWhatToDo() async throws {
            let clip = Golden.path("demo/clips/" + (try #require(clips().first)))
            let run = try await ProgramRun.awaited(builtClaverd, ["classify", clip, "--precision", "int8"])
            #expect(run.status == 69)
            #expect(run.error.contains("claverd model quantize"), "\(run.error)")
        }
    }
#endif
