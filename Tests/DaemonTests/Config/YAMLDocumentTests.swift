import Foundation
import Pipeline
import TestSupport
import Testing

@testable import Daemon

@Suite struct YAMLDocumentTests {
    private func reason(_ text: String) -> String? {
        do {
            _ = try YAMLDocument(text: text, file: "t.yaml")
            return nil
        } catch {
            return "\(error)"
        }
    }

    @Test func keepsPlacesAndQuotes() throws {
        let root = try YAMLDocument(text: "a: 1\nb:\n  - '2'\n", file: "t.yaml").root
        func mark(_ line: Int, _ column: Int) -> SettingsMark { SettingsMark(line: line, column: column) }
        #expect(
            root
                == .mapping(
                    [
                        .init(key: "a", keyMark: mark(1, 1), value: .scalar("1", quoted: false, at: mark(1, 4))),
                        .init(
                            key: "b", keyMark: mark(2, 1),
                            value: .sequence([.scalar("2", quoted: true, at: mark(3, 5))], at: mark(3, 3))),
                    ], at: mark(1, 1)))
    }

    @Test func readsWindowsLineEndingsAndAByteOrderMark() throws {
        let root = try YAMLDocument(text: "\u{FEFF}a: 1\r\nb: 2\r\n", file: "t.yaml").root
        guard case .mapping(let entries, _) = root else {
            Issue.record("no mapping")
            return
        }
        #expect(entries.map(\.key) == ["a", "b"])
    }

    @Test func expandsAliases() throws {
        let root = try YAMLDocument(text: "a: &x {k: v}\nb: *x\n", file: "t.yaml").root
        guard case .mapping(let entries, _) = root else {
            Issue.record("no mapping")
            return
        }
        #expect(entries[0].value == entries[1].value)
    }

    @Test func refusesAnAliasBomb() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        for level in 1...12 {
            text += "a\(level): &a\(level) [\(Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ","))]\n"
        }
        #expect(reason(text)?.contains("more than 50000 values, aliases expanded") == true)
    }

    @Test(arguments: ["? *a12\n: 1", "*a12 : 1", "{*a12: 1}", "[*a12]: 1", "k: {[*a12]:1}"])
    func refusesAnAliasBombInAKey(line: String) {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        for level in 1...12 {
            text += "a\(level): &a\(level) [\(Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ","))]\n"
        }
        #expect(reason(text + line)?.hasPrefix("t.yaml:14:1: a key must be plain text") == true)
    }

    @Test func takesAnchorsBesideAnIPv6Address() {
        #expect(reason("a: &x 1\nb: rtsp://[fe80::1]:554/s\nc: rtsp://u:p@[::1]:8554/s\n") == nil)
    }

    @Test(arguments: ["[", "{a: ", "- ", "a:\n"])
    func refusesDeepNesting(opening: String) throws {
        let text: String
        if opening == "a:\n" {
            text = (0..<1000).map { String(repeating: " ", count: $0) + "a:\n" }.joined()
        } else {
            text = String(repeating: opening, count: 10_000)
        }
        #expect(try #require(reason(text)).contains("nested deeper than 50 levels"))
    }

    @Test func acceptsFiftyLevelsAndNoMore() {
        func nested(_ levels: Int) -> String {
            String(repeating: "[", count: levels) + "x" + String(repeating: "]", count: levels)
        }
        #expect(reason(nested(50)) == nil)
        #expect(reason(nested(51))?.contains("nested deeper than 50 levels") == true)
    }

    @Test func refusesALargeFileWithoutReadingIt() throws {
        try withTemporaryDirectory { directory in
            let file = "\(directory)/large.yaml"
            #expect(FileManager.default.createFile(atPath: file, contents: nil))
            // A hole: 100 MB to a reader, nothing on the disk.
            try #require(truncate(file, 100 << 20) == 0)
            #expect(throws: SettingsError.self) { try YAMLDocument(file: file) }
            do {
                _ = try YAMLDocument(file: file)
            } catch {
                #expect("\(error)" == "\(file): larger than 1048576 bytes, the most that is read")
            }
        }
    }

    @Test func namesAFileThatCannotBeRead() throws {
        try withTemporaryDirectory { directory in
            for (file, reason) in [
                ("\(directory)/none.yaml", "cannot be read: No such file or directory"),
                (directory, "cannot be read as a file"),
            ] {
                do {
                    _ = try YAMLDocument(file: file)
                    Issue.record("read \(file)")
                } catch {
                    #expect("\(error)" == "\(file): \(reason)")
                }
            }
        }
    }

    @Test func namesTheLineThatIsNoUTF8() throws {
        try withTemporaryDirectory { directory in
            let file = "\(directory)/latin1.yaml"
            try Data(Array("a: 1\nb: caf".utf8) + [0xE9, 0x0A]).write(to: URL(filePath: file))
            do {
                _ = try YAMLDocument(file: file)
                Issue.record("read Latin-1")
            } catch {
                #expect("\(error)" == "\(file):2:7: not UTF-8 text")
            }
        }
    }

    @Test func refusesASecondDocument() {
        #expect(reason("a: 1\n---\nb: 1\n")?.contains("another document") == true)
    }
}
