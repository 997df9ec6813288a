import Foundation
import Testing

@testable import Pipeline

@Suite struct ClipListTests {
    private func read(_ text: String, classes: Int? = nil) throws -> [ClipEntry] {
        try read(Data(text.utf8), classes: classes)
    }

    private func read(_ data: Data, classes: Int? = nil) throws -> [ClipEntry] {
        try withDatasetFolder { folder in
            try data.write(to: URL(filePath: "\(folder)/l.txt"))
            return try ClipList.read("\(folder)/l.txt", classes: classes)
        }
    }

    @Test(arguments: [
        ("a.mp4 3", "a.mp4", [3]), ("a.mp4 3 7", "a.mp4", [3, 7]), ("a.mp4 3,7", "a.mp4", [3, 7]),
        ("a.mp4\t3", "a.mp4", [3]), ("dir/a b.mp4 3", "dir/a b.mp4", [3]), ("take 2 3", "take", [2, 3]),
        ("take 2\t3", "take 2", [3]), ("take 2 3,", "take 2", [3]), ("take 2 3,4", "take 2", [3, 4]),
        ("  ./a//b.mp4   12  ", "a/b.mp4", [12]), ("v-2 0", "v-2", [0]), ("#1 0", "#1", [0]),
        ("12 34", "12", [34]), ("a  b.mp4 0", "a  b.mp4", [0]), ("ü.mp4\t 1, 2", "ü.mp4", [1, 2]),
    ]) func takes(line: String, name: String, classes: [Int]) throws {
        #expect(try read(line) == [ClipEntry(name: name, classes: classes)])
    }

    @Test func passesOverMarksLineEndsAndEmptyLines() throws {
        let entries = try read(Data([0xEF, 0xBB, 0xBF]) + Data("a.mp4 0\r\n\r\n  \nb.mp4 1".utf8), classes: 2)
        #expect(entries == [ClipEntry(name: "a.mp4", classes: [0]), ClipEntry(name: "b.mp4", classes: [1])])
    }

    @Test(arguments: [
        ("a.mp4", "line 2: \"a.mp4\" has no class id"), ("# comment", "has no class id"), ("7", "without a name"),
        ("a.mp4 -1", "class \"-1\" is no whole number"), ("a.mp4 99999999999999999999", "no whole number"),
        ("a.mp4 3 3", "class 3 stands twice"), ("a.mp4 5", "line 2: class 5, but there are 5 classes, 0 to 4"),
        ("/a.mp4 1", "absolute path"), ("../a.mp4 1", "leads out"), ("good.mp4 1", "stands on line 1 too"),
        ("./good.mp4 1", "stands on line 1 too"), ("a\u{1}.mp4 1", "control character"), ("a.mp4 3.5", "no class id"),
        ("a.mp4\tx", "class \"x\""), ("\t3", "without a name"),
    ]) func refuses(line: String, reason: String) throws {
        do {
            let entries = try read("good.mp4 0\n\(line)\n", classes: 5)
            Issue.record("\(entries)")
        } catch {
            #expect("\(error)".contains("l.txt: line 2: ") && "\(error)".contains(reason), "\(error)")
        }
    }

    @Test func refusesWhatIsNoText() throws {
        for (bytes, reason) in [
            ([0x61, 0xFF, 0x20, 0x31], "line 1: not UTF-8"), ([], "no clips"), ([0x0A, 0x0A], "no clips"),
            ([UInt8](repeating: 0x61, count: 70000), "line 1: 70000 bytes"),
        ] as [([UInt8], String)] {
            do {
                _ = try read(Data(bytes))
                Issue.record("accepted \(bytes.prefix(4))")
            } catch {
                #expect("\(error)".contains(reason))
            }
        }
        #expect(throws: DatasetError.self) { try ClipList.read("/nowhere/l.txt", classes: nil) }
    }

    @Test func inspectionTellsEveryWrongLine() throws {
        try withDatasetFolder { folder in
            try Data("a.mp4 0\nbad\nb.mp4 1\nb.mp4 9\n-1\n".utf8).write(to: URL(filePath: "\(folder)/l.txt"))
            let (lines, faults) = try ClipList.inspect("\(folder)/l.txt")
            #expect(lines.map(\.number) == [1, 3, 4] && faults.map(\.line) == [2, 5])
        }
    }

    @Test func digestIsThatOfTheEntries() throws {
        let one = try read("a.mp4 0\nb.mp4 1 2\n")
        #expect(try ClipList.digest(one) == ClipList.digest(read("./a.mp4\t0\r\n\r\nb.mp4 1,2")))
        #expect(try ClipList.digest(one) != ClipList.digest(read("b.mp4 1 2\na.mp4 0\n")))
        // printf 'a.mp4\0000\nb.mp4\0001,2\n' | sha256sum
        #expect(ClipList.digest(one) == "0916335d13c522a4607d6968d72f2b16e462e2604dd231f3a727eb57abc68d04")
    }

    @Test func textReadsBackAsItWas() throws {
        let entries = ["a.mp4", "take 2", "b 1,2", "x y.mp4", "12", "a -3"].map {
            ClipEntry(name: $0, classes: [4, 1])
        }
        #expect(try read(ClipList.text(entries)) == entries)
    }

    @Test func readsAHundredThousandLines() throws {
        let text = (0..<100_000).map { "folder \($0 % 400)/clip_\($0).mp4 \($0 % 400)\n" }.joined()
        let entries = try read(text, classes: 400)
        #expect(entries.count == 100_000)
        #expect(entries.last == ClipEntry(name: "folder 399/clip_99999.mp4", classes: [399]))
    }
}
