import Foundation
import TestSupport
import Testing

@testable import Pipeline

@Suite(.timeLimit(.minutes(2))) struct DatasetCheckTests {
    /// Checks a folder with these files; names with a `/` make folders.
    private func check(
        _ files: [String: Data], list: String, val: String? = nil, labels: [String] = ["a", "b"], decodes: Bool = true
    ) throws -> DatasetReport {
        try withDatasetFolder { folder in
            try FileManager.default.createDirectory(atPath: "\(folder)/data", withIntermediateDirectories: true)
            for (name, data) in files { try data.write(to: URL(filePath: "\(folder)/data/\(name)")) }
            try Data(list.utf8).write(to: URL(filePath: "\(folder)/train.txt"))
            if let val { try Data(val.utf8).write(to: URL(filePath: "\(folder)/val.txt")) }
            return try DatasetCheck(
                store: FolderStore("\(folder)/data"), labels: labels, list: DatasetCheck.List("\(folder)/train.txt"),
                validation: val == nil ? nil : DatasetCheck.List("\(folder)/val.txt"), threads: 2,
                timeLimit: decodes ? .seconds(20) : nil
            ).run { done, total in #expect((1...total).contains(done)) }
        }
    }

    private func summary(_ report: DatasetReport) -> [String] {
        report.findings.map { "\($0.kind.rawValue) \($0.clip ?? "-") \($0.line ?? 0)" }
    }

    @Test func findsNothingWrongWithGoodClips() throws {
        let video = try Data(contentsOf: URL(filePath: SampleFile.demo))
        let report = try check(["a.mp4": video, "b.mp4": video, "c.mp4": video], list: "a.mp4 0\nb.mp4 1\n")
        #expect(report.isClean && report.decoded == 2 && report.notDecoded == 0)
        #expect(report.clips == 3 && report.unlisted == 1 && report.lists[0].classes == 2)
    }

    @Test func tellsWhatIsWrongWithClips() throws {
        let video = try Data(contentsOf: URL(filePath: SampleFile.demo))
        let report = try check(
            [
                "cut.mp4": video.prefix(video.count / 2), "empty.mp4": Data(),
                "text.mp4": Data("It was a dark night".utf8),
                "list.m3u8": Data("#EXTM3U\n/etc/passwd\n".utf8), "sound.wav": Self.silence, "good.mp4": video,
            ],
            list: "cut.mp4 0\nempty.mp4 0\ntext.mp4 0\nlist.m3u8 0\nsound.wav 0\ngood.mp4 1\ngone.mp4 1\n")
        #expect(
            summary(report) == [
                "missing gone.mp4 7", "audio_only sound.wav 0", "empty empty.mp4 0", "refused list.m3u8 0",
                "undecodable cut.mp4 0", "undecodable text.mp4 0",
            ])
        #expect(report.decoded == 1 && report.notDecoded == 0)
    }

    /// A second of silence, PCM.
    private static var silence: Data {
        var wav = Data("RIFF".utf8) + Data([0x64, 0x1F, 0, 0]) + Data("WAVEfmt ".utf8)
        wav += Data([16, 0, 0, 0, 1, 0, 1, 0, 0x40, 0x1F, 0, 0, 0x40, 0x1F, 0, 0, 1, 0, 8, 0])
        return wav + Data("data".utf8) + Data([0x40, 0x1F, 0, 0]) + Data(repeating: 0x80, count: 8000)
    }

    @Test func tellsWhatIsWrongWithLists() throws {
        let report = try check(
            ["a": Data([1]), "b": Data([2])], list: "a 0\na 1\nb 7\nno class\n", labels: ["x", "y", "z"], decodes: false
        )
        #expect(
            summary(report) == [
                "line - 4", "duplicate a 2", "class_range b 3", "class_without_clips - 0",
            ])
        #expect(report.notDecoded == 2 && report.decoded == 0)
    }

    @Test func findsLeaksByNameAndContent() throws {
        let report = try check(
            ["a": Data([1, 2]), "b": Data([3, 4]), "c": Data([3, 4]), "d": Data([3, 5]), "e": Data()],
            list: "a 0\nb 1\n", val: "./a 0\nc 1\nd 1\n", decodes: false)
        #expect(summary(report) == ["leak_by_name a 1", "leak_by_content c 2"])
        #expect(report.findings[1].reason.hasPrefix("has the same bytes as b in "))
    }

    @Test func findsLeaksBetweenMembersOfAnArchiveAndTellsItsTraps() throws {
        try withDatasetFolder { folder in
            var tar = TarBytes()
            tar.add("a", data: [1, 2, 3])
            tar.add("b", data: [1, 2, 3])
            tar.add("../c", data: [1, 2, 3])
            tar.add("link", type: "2")
            try Data(tar.bytes).write(to: URL(filePath: "\(folder)/x.tar"))
            try Data("a 0\nlink 1\n".utf8).write(to: URL(filePath: "\(folder)/train.txt"))
            try Data("b 0\nb 1\n".utf8).write(to: URL(filePath: "\(folder)/val.txt"))
            let report = try DatasetCheck(
                store: TarStore("\(folder)/x.tar", cache: nil), labels: ["x", "y"],
                list: DatasetCheck.List("\(folder)/train.txt"), validation: DatasetCheck.List("\(folder)/val.txt"),
                threads: 1, timeLimit: nil
            ).run { _, _ in }
            #expect(
                summary(report) == [
                    "archive - 0", "entry ../c 0", "entry link 0", "missing link 2", "duplicate b 2",
                    "leak_by_content b 1",
                    "leak_by_content b 2",
                ])
            #expect(report.findings[3].reason == "not usable: is a symbolic link; only regular files are read")
        }
    }

    @Test func decodesMembersOfAnArchiveToo() throws {
        try withDatasetFolder { folder in
            let video = try Data(contentsOf: URL(filePath: SampleFile.demo))
            var tar = TarBytes()
            tar.add("good.mp4", data: Array(video))
            tar.add("cut.mp4", data: Array(video.prefix(video.count / 2)))
            try Data(tar.bytes).write(to: URL(filePath: "\(folder)/x.tar"))
            try Data("good.mp4 0\ncut.mp4 1\n".utf8).write(to: URL(filePath: "\(folder)/train.txt"))
            let report = try DatasetCheck(
                store: TarStore("\(folder)/x.tar", cache: nil), labels: ["x", "y"],
                list: DatasetCheck.List("\(folder)/train.txt"), validation: nil, threads: 2, timeLimit: .seconds(20)
            ).run { _, _ in }
            #expect(report.decoded == 1 && report.notDecoded == 0)
            #expect(summary(report).filter { $0.hasPrefix("undecodable") } == ["undecodable cut.mp4 0"])
        }
    }
}
