import Foundation
import TestSupport
import Testing

@testable import Daemon

@Suite(.timeLimit(.minutes(2))) struct DatasetCommandTests {
    private static let program = URL(filePath: ConfigurationEnvironment.current.executable)
        .deletingLastPathComponent().appending(path: "claverd").path
    private static let sample = packageRoot.appending(path: "etc/demo/sample.mp4").path

    private func run(_ arguments: [String]) throws -> ProgramRun {
        try ProgramRun(Self.program, ["dataset"] + arguments)
    }

    private func withFiles(_ files: [String: String], _ body: (String) throws -> Void) throws {
        try withTemporaryDirectory { folder in
            for (name, text) in files {
                try text.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
            }
            try body(folder)
        }
    }

    private static let ucf = [
        "classInd.txt": "1 Jump\n2 YoYo\n",
        "trainlist01.txt": "Jump/a.avi 1\nYoYo/b.avi 2\nJump/c.avi 1\nYoYo/d.avi 2\n",
    ]

    @Test func splitsAndDrawsAgain() throws {
        try withFiles(Self.ucf) { folder in
            let made = try run([
                "split", "ucf101", "--list", "\(folder)/trainlist01.txt", "--labels", "\(folder)/classInd.txt",
                "--output",
                "\(folder)/out",
            ])
            #expect(made.status == 0, "\(made.error)")
            #expect(
                made.output == """
                    \(folder)/out/labels.csv: 2 classes
                    \(folder)/out/trainlist01.txt: 4 clips of 2 classes

                    """)
            let list = try String(contentsOfFile: "\(folder)/out/trainlist01.txt", encoding: .utf8)
            #expect(list == "Jump/a.avi 0\nYoYo/b.avi 1\nJump/c.avi 0\nYoYo/d.avi 1\n")
            let drawn = try run([
                "split", "--list", "\(folder)/out/trainlist01.txt", "--labels", "\(folder)/out/labels.csv", "--shots",
                "2,1",
                "--seed", "3", "--output", "\(folder)/few", "--json",
            ])
            #expect(drawn.status == 0, "\(drawn.error)")
            let files = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/few").sorted()
            #expect(files == ["labels.csv", "trainlist01-1-shot.txt", "trainlist01-2-shot.txt"])
            let object = try #require(try JSONSerialization.jsonObject(with: Data(drawn.output.utf8)) as? [String: Any])
            #expect((object["lists"] as? [[String: Any]])?.map { $0["clips"] as? Int } == [2, 4])
        }
    }

    /// Few shots are measured on all test clips, of which a class may have fewer.
    @Test func shotsBehindAKindLeaveTestListsWhole() throws {
        try withFiles(Self.ucf.merging(["testlist01.txt": "Jump/e.avi\n"]) { first, _ in first }) { folder in
            let made = try run([
                "split", "ucf101", "--list", "\(folder)/trainlist01.txt", "--list", "\(folder)/testlist01.txt",
                "--labels", "\(folder)/classInd.txt", "--shots", "1", "--seed", "3", "--output", "\(folder)/out",
            ])
            #expect(made.status == 0, "\(made.error)")
            let files = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/out").sorted()
            #expect(files == ["labels.csv", "testlist01.txt", "trainlist01-1-shot.txt"])
        }
    }

    @Test func splitExitsBySysexits() throws {
        try withFiles(Self.ucf) { folder in
            let (list, labels) = ("\(folder)/trainlist01.txt", "\(folder)/classInd.txt")
            let good = ["split", "ucf101", "--list", list, "--labels", labels, "--output"]
            let cases: [([String], Int32)] = [
                (["split", "ucf101", "--list", list, "--output", "\(folder)/x"], 64),
                (["split", "ucf202", "--list", list, "--output", "\(folder)/x"], 64),
                (good + ["\(folder)/x", "--shots", "2"], 64),
                (good + ["\(folder)/x", "--shots", "0,2", "--seed", "1"], 64),
                (good + ["\(folder)/x", "--shots", "3", "--seed", "1"], 64),
                (good + ["\(folder)/x", "--classes", "3", "--seed", "1"], 64),
                (["split", "hmdb51", "--list", folder, "--split", "4", "--output", "\(folder)/x"], 64),
                (["split", "hmdb51", "--list", folder, "--split", "1", "--output", "\(folder)/x"], 65),
                (["split", "kinetics", "--list", list, "--output", "\(folder)/x"], 65),
                (["split", "kinetics", "--list", "\(folder)/absent", "--output", "\(folder)/x"], 66),
                (good + [folder], 73), (good + [list], 73), (good + ["\(folder)/absent/x"], 73),
            ]
            for (arguments, status) in cases {
                let run = try run(arguments)
                #expect(run.status == status, "\(arguments): \(run.error)")
                #expect(run.output.isEmpty)
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 2)
        }
    }

    @Test func checkExitsWith65AndTellsEverythingWrong() throws {
        try withFiles([
            "labels.csv": "id,name\n0,a\n1,b\n", "train.txt": "a.mp4 0\nb.mp4 1\n", "val.txt": "a.mp4 0\ngone.mp4 1\n",
        ]) { folder in
            try FileManager.default.createDirectory(atPath: "\(folder)/data", withIntermediateDirectories: true)
            for name in ["a.mp4", "b.mp4"] {
                try FileManager.default.copyItem(atPath: Self.sample, toPath: "\(folder)/data/\(name)")
            }
            let arguments = ["check", "--data", "\(folder)/data", "--labels", "\(folder)/labels.csv", "--list"]
            let clean = try run(arguments + ["\(folder)/train.txt"])
            #expect(clean.status == 0, "\(clean.error)")
            #expect(clean.output.hasSuffix("decoded  2\nnothing is wrong\n"))
            let both = arguments + ["\(folder)/train.txt", "--val", "\(folder)/val.txt", "--skip-decoding"]
            let table = try run(both)
            #expect(table.status == 65)
            #expect(table.output.contains("missing clips: 1\n  \(folder)/val.txt:2: gone.mp4: not in \(folder)/data\n"))
            #expect(table.output.contains("clips in both lists: 1\n"))
            let json = try run(both + ["--json"])
            #expect(json.status == 65)
            let object = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
            #expect(object["ok"] as? Bool == false)
            #expect(object["counts"] as? [String: Int] == ["missing": 1, "leak_by_name": 1])
            #expect((object["findings"] as? [[String: Any]])?.count == 2)
            #expect(try run(arguments + ["\(folder)/absent.txt"]).status == 66)
            #expect(
                try run(["check", "--data", "/dev/null"] + arguments.dropFirst(3) + ["\(folder)/train.txt"]).status
                    == 65)
        }
    }

    @Test func synthDrawsADataSetThatTheCheckFindsNothingWrongWith() throws {
        try withTemporaryDirectory { folder in
            let synth = [
                "synth", "--output", "\(folder)/out", "--clips-per-class", "1", "--val-per-class", "1", "--seed", "7",
                "--tar",
            ]
            let made = try run(synth)
            #expect(made.status == 0, "\(made.error)")
            #expect(
                made.output == """
                    \(folder)/out/videos.tar: 30 clips
                    \(folder)/out/labels.csv: 15 classes
                    \(folder)/out/train.txt: 15 clips of 15 classes
                    \(folder)/out/val.txt: 15 clips of 15 classes

                    """)
            let files = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/out").sorted()
            #expect(files == ["labels.csv", "train.txt", "val.txt", "videos.tar"])
            let check = try run([
                "check", "--data", "\(folder)/out/videos.tar", "--list", "\(folder)/out/train.txt", "--val",
                "\(folder)/out/val.txt", "--labels", "\(folder)/out/labels.csv",
            ])
            #expect(check.status == 0, "\(check.output)\(check.error)")
            let again = try run(synth)
            #expect(again.status == 73)
            #expect(again.error == "claverd: cannot create \(folder)/out: the folder exists and is not empty\n")
            #expect(try run(["synth", "--output", "\(folder)/x", "--clips-per-class", "0"]).status == 64)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["out"])
        }
    }

    /// GStreamer sees only its own core elements.
    @Test func synthNamesThePackagesThatItLacks() throws {
        try withTemporaryDirectory { folder in
            var environment = ProcessInfo.processInfo.environment
            environment["GST_PLUGIN_SYSTEM_PATH_1_0"] = folder
            environment["GST_REGISTRY"] = "\(folder)/registry.bin"
            let run = try ProgramRun(
                Self.program, ["dataset", "synth", "--output", "\(folder)/out"], environment: environment)
            #expect(run.status == 69)
            #expect(run.error.contains("install the Debian package gstreamer1.0-plugins-base"))
            #expect(!FileManager.default.fileExists(atPath: "\(folder)/out"))
        }
    }

    /// 100,000 clips in 50 GB of archive, nine of ten without data, headers at their places and holes between.
    /// Unoptimised it takes as long as a tenth of all tests.
    @Test(.enabled(if: isOptimised)) func checksAHundredThousandClipsInBoundedMemory() throws {
        try withTemporaryDirectory { folder in
            let (count, byteCount) = (100_000, 5 << 20)
            let descriptor = open("\(folder)/large.tar", O_CREAT | O_WRONLY, 0o644)
            #expect(descriptor >= 0)
            var (list, offset, isWritten) = ("", 0, true)
            for index in 0..<count {
                let name = "folder-\(index % 400)/clip-\(index).mp4"
                list += "\(name) \(index % 400)\n"
                let size = index % 10 == 0 ? byteCount : 0
                let header = TarBytes.header(Array(name.utf8), size: TarBytes.octal(size))
                isWritten = isWritten && pwrite(descriptor, header, 512, off_t(offset)) == 512
                offset += 512 + size
            }
            #expect(isWritten && ftruncate(descriptor, off_t(offset + 1024)) == 0)
            #expect(offset > 50_000_000_000)
            close(descriptor)
            try list.write(toFile: "\(folder)/list.txt", atomically: true, encoding: .utf8)
            let labels = "id,name\n" + (0..<400).map { "\($0),class \($0)\n" }.joined()
            try labels.write(toFile: "\(folder)/labels.csv", atomically: true, encoding: .utf8)
            // Kilobytes of private memory, mapped files not counted; beyond them allocations fail and the program ends.
            let script = """
                ulimit -d 300000 && cd "$1" && exec "$0" dataset check --data large.tar --list list.txt --val list.txt \
                    --labels labels.csv --skip-decoding
                """
            for _ in 0..<2 {
                let run = try ProgramRun("/bin/sh", ["-c", script, Self.program, folder])
                #expect(run.status == 65, "\(run.error)")
                #expect(run.output.contains("data     large.tar: 100000 clips, 0 in no list\n"))
                #expect(run.output.contains("clips in both lists: 100000\n"))
            }
        }
    }
}
