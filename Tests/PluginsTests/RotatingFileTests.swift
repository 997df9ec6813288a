import Foundation
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import Plugins

@Suite struct RotatingFileTests {
    private let folder: MosquittoFolder
    private let path: String

    init() throws {
        folder = try MosquittoFolder()
        path = folder.url.appending(path: "events.jsonl").path(percentEncoded: false)
    }

    private func file(
        max: Int = 1000, keep: Int = 3,
        write: @escaping RotatingFile.Write = { Glibc.write($0, $1.baseAddress, $1.count) }
    ) -> RotatingFile {
        RotatingFile(path: path, maxByteCount: max, keep: keep, sync: false, write: write)
    }

    private func text(_ suffix: String = "") throws -> String {
        try String(contentsOf: URL(fileURLWithPath: path + suffix), encoding: .utf8)
    }

    @Test func appendsLinesAndCreatesAFileOthersCannotRead() throws {
        var file = file()
        try file.append(line: Data("one".utf8))
        try file.append(line: Data("two".utf8))
        #expect(try text() == "one\ntwo\n")
        var found = stat()
        #expect(stat(path, &found) == 0)
        #expect(found.st_mode & 0o027 == 0)
    }

    @Test func movesFullFilesAndKeepsTheNewest() throws {
        var file = file(max: 10, keep: 3)
        for number in 1...9 { try file.append(line: Data("line\(number)".utf8)) }
        #expect(try text() == "line9\n")
        #expect(try [".1", ".2", ".3"].map { try text($0) } == ["line8\n", "line7\n", "line6\n"])
        #expect(!FileManager.default.fileExists(atPath: path + ".4"))
    }

    @Test func linesLieInOneFileEach() throws {
        var file = file(max: 100, keep: 1000)
        let lines = (0..<200).map { "\($0) " + String(repeating: "x", count: $0 % 130) }
        for line in lines { try file.append(line: Data(line.utf8)) }
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.url.path(percentEncoded: false))
        let numbers = names.compactMap { Int($0.dropFirst("events.jsonl.".count)) }.sorted(by: >)
        let parts = try numbers.map { try text(".\($0)") } + [try text()]
        #expect(parts.count > 20)
        #expect(parts.allSatisfy { $0.hasSuffix("\n") })
        #expect(parts.allSatisfy { $0.utf8.count <= 100 || $0.filter { $0 == "\n" }.count == 1 })
        #expect(parts.joined() == lines.map { $0 + "\n" }.joined())
    }

    @Test func startsANewFileWhenItsOwnWasMovedAway() throws {
        var file = file()
        try file.append(line: Data("before".utf8))
        try FileManager.default.moveItem(atPath: path, toPath: path + ".rotated")
        try file.append(line: Data("after".utf8))
        #expect(try text() == "after\n")
        #expect(try text(".rotated") == "before\n")
        try FileManager.default.removeItem(atPath: path)
        try file.append(line: Data("again".utf8))
        #expect(try text() == "again\n")
    }

    @Test func completesALineThatWasTornBeforeTheStart() throws {
        try "whole\nhal".write(toFile: path, atomically: false, encoding: .utf8)
        var file = file()
        try file.open()
        try file.append(line: Data("next".utf8))
        #expect(try text() == "whole\nhal\nnext\n")
    }

    @Test func cutsOffWhatAFullDiskLeftAndGoesOnAtALineBoundary() throws {
        let budget = Mutex(7)
        var file = file { descriptor, bytes in
            let room = budget.withLock { left in
                defer { left -= min(left, bytes.count) }
                return left
            }
            guard room > 0 else {
                errno = ENOSPC
                return -1
            }
            return Glibc.write(descriptor, bytes.baseAddress, min(room, bytes.count))
        }
        try file.append(line: Data("one".utf8))
        let error = #expect(throws: PluginError.self) { try file.append(line: Data("two two".utf8)) }
        #expect(error?.description.contains("No space left") == true)
        #expect(try text() == "one\n")
        budget.withLock { $0 = 1000 }
        try file.append(line: Data("two two".utf8))
        #expect(try text() == "one\ntwo two\n")
    }

    @Test func missingFolderIsNamed() throws {
        var file = RotatingFile(
            path: folder.url.appending(path: "no/such/file").path(percentEncoded: false), maxByteCount: 10, keep: 1,
            sync: false)
        let error = #expect(throws: PluginError.self) { try file.open() }
        #expect(error?.description.contains("the folder") == true && error?.description.contains("no/such") == true)
    }

    @Test func refusesWhatIsNoFile() throws {
        #expect(mkfifo(path, 0o600) == 0)
        var file = file()
        #expect(throws: PluginError.self) { try file.open() }
        var device = RotatingFile(path: "/dev/null", maxByteCount: 10, keep: 1, sync: false)
        #expect(throws: PluginError.self) { try device.open() }
    }
}
