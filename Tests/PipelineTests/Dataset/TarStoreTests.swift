import Foundation
import TestSupport
import Testing

@testable import Pipeline

@Suite struct TarStoreTests {
    private func store(_ bytes: [UInt8]) throws -> TarStore {
        try withDatasetFolder { folder in
            try Data(bytes).write(to: URL(filePath: "\(folder)/a.tar"))
            return try TarStore("\(folder)/a.tar", cache: nil)
        }
    }

    private func store(_ build: (inout TarBytes) -> Void) throws -> TarStore {
        var tar = TarBytes()
        build(&tar)
        tar.end()
        return try store(tar.bytes)
    }

    private func place(_ store: TarStore, _ name: String) -> [Int]? {
        guard case .member(_, let offset, let byteCount)? = store.location(of: name) else { return nil }
        return [offset, byteCount]
    }

    @Test(arguments: ["gnu", "pax", "ustar", "oldgnu"]) func readsWhatTarWrites(format: String) throws {
        try withDatasetFolder { folder in
            let long = String(repeating: "d", count: 90) + "/" + String(repeating: "n", count: 90) + ".mp4"
            let names = ["a b.mp4", "sub/ünï.mp4", long]
            for name in names {
                let url = URL(filePath: "\(folder)/x/\(name)")
                try FileManager.default.createDirectory(
                    at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data("content of \(name)".utf8).write(to: url)
            }
            #expect(try runProgram("/bin/tar", ["-H", format, "-cf", "x.tar", "-C", "x", "."], in: folder) == 0)
            let store = try TarStore("\(folder)/x.tar", cache: nil)
            #expect(store.names == names.sorted() && store.rejections.isEmpty && store.defects.isEmpty)
            let archive = try Data(contentsOf: URL(filePath: "\(folder)/x.tar"))
            for name in names {
                let place = try #require(self.place(store, name))
                #expect(archive[place[0]..<place[0] + place[1]] == Data("content of \(name)".utf8))
            }
            #expect(store.location(of: "./a b.mp4") == nil && store.location(of: "b.mp4") == nil)
        }
    }

    @Test func rejectsTrapsByNameAndKeepsTheRest() throws {
        let store = try store { tar in
            tar.add("../up.mp4", data: [1])
            tar.add("a/../../up.mp4", data: [1])
            tar.add("/etc/abs.mp4", data: [1])
            tar.add("sym.mp4", type: "2")
            tar.add("hard.mp4", type: "1")
            tar.add("hard-with-size.mp4", type: "1", size: TarBytes.octal(7000))
            tar.add("char.mp4", type: "3")
            tar.add("block.mp4", type: "4")
            tar.add("fifo.mp4", type: "6")
            tar.add("folder.mp4", type: "5")
            tar.add("folder", type: "5")
            tar.add("twice.mp4", data: [1])
            tar.add("./twice.mp4", data: [2, 2])
            tar.add(Array("not-utf8-".utf8) + [0xFF] + Array(".mp4".utf8), data: [1])
            tar.add("bell\u{7}.mp4", data: [1])
            tar.add("odd.mp4", type: "Z", data: [1])
            tar.add("good.mp4", data: [9, 9, 9])
        }
        #expect(store.names == ["good.mp4"] && store.defects.isEmpty)
        let expected = [
            "../up.mp4": "leads out of", "a/../../up.mp4": "leads out of", "/etc/abs.mp4": "absolute",
            "sym.mp4": "symbolic link", "hard.mp4": "link to another member", "hard-with-size.mp4": "another member",
            "char.mp4": "device", "block.mp4": "device", "fifo.mp4": "pipe", "folder.mp4": "is a folder",
            "twice.mp4": "stands 2 times", "not-utf8-\u{FFFD}.mp4": "not UTF-8", "bell\\u{7}.mp4": "control character",
            "odd.mp4": "unknown type",
        ]
        #expect(Set(store.rejections.map(\.name)) == Set(expected.keys))
        for (name, reason) in expected {
            #expect(store.rejection(of: name)?.contains(reason) == true, "\(name): \(store.rejection(of: name) ?? "-")")
        }
        #expect(store.location(of: "twice.mp4") == nil)
    }

    @Test func rejectsSparseMembersOfEveryKind() throws {
        let store = try store { tar in
            var header = TarBytes.header(Array("old.mp4".utf8), type: "S", size: TarBytes.octal(512))
            header[482] = 1
            tar.append(fix(header))
            tar.append([UInt8](repeating: 1, count: 512))
            tar.append([UInt8](repeating: 0, count: 512))
            tar.append([UInt8](repeating: 7, count: 512))
            tar.add(pax: [
                ("GNU.sparse.major", "1"), ("GNU.sparse.name", "new.mp4"), ("GNU.sparse.realsize", "9999999"),
            ])
            tar.add("GNUSparseFile.1/new.mp4", data: [1, 2, 3])
            tar.add("good.mp4", data: [9])
        }
        #expect(store.names == ["good.mp4"])
        #expect(store.rejections.map(\.name) == ["new.mp4", "old.mp4"])
        #expect(store.rejections.allSatisfy { $0.reason.contains("sparse") })
    }

    /// The header with the right checksum.
    private func fix(_ header: [UInt8]) -> [UInt8] {
        var header = header
        header.replaceSubrange(148..<156, with: Array(repeating: 0x20, count: 8))
        let sum = String(header.reduce(0) { $0 + Int($1) }, radix: 8)
        header.replaceSubrange(
            148..<156, with: Array((String(repeating: "0", count: 6 - sum.count) + sum + "\u{0} ").utf8))
        return header
    }

    @Test func takesNamesAndSizesOfPaxHeaders() throws {
        let store = try store { tar in
            tar.add(pax: [("comment", "of all")], type: "g")
            tar.add(pax: [("path", "real/näme.mp4"), ("size", "600"), ("mtime", "1.5")])
            tar.add("short.mp4", data: [UInt8](repeating: 5, count: 600), size: TarBytes.octal(0))
            tar.add("after.mp4", data: [1])
        }
        #expect(store.names == ["after.mp4", "real/näme.mp4"] && store.rejections.isEmpty)
        #expect(place(store, "real/näme.mp4") == [2560, 600])
    }

    @Test func refusesMembersWhoseHeadersCannotBeTrusted() throws {
        let store = try store { tar in
            tar.add("PaxHeaders/x", type: "x", data: Array("99 path=short\n".utf8))
            tar.add("malformed.mp4", data: [1])
            tar.add("PaxHeaders/x", type: "x", data: [UInt8](repeating: 0x41, count: (1 << 20) + 1))
            tar.add("giant.mp4", data: [1])
            tar.add("././@LongLink", type: "L", data: [UInt8](repeating: 0x41, count: 5000))
            tar.add("long.mp4", data: [1])
            tar.add(pax: [("size", "-5")])
            tar.add("negative.mp4", data: [1])
            tar.add("good.mp4", data: [9])
        }
        #expect(store.names == ["good.mp4"] && store.defects.isEmpty)
        #expect(store.rejection(of: "malformed.mp4") == "a malformed pax header")
        #expect(store.rejection(of: "giant.mp4")?.contains("at most 1048576") == true)
        #expect(store.rejection(of: "negative.mp4")?.contains("impossible size") == true)
        #expect(store.rejections.contains { $0.reason.contains("the name has 5000 bytes") })
    }

    @Test func followsNoGlobalHeaderThatRenames() throws {
        let store = try store { tar in
            tar.add(pax: [("path", "all.mp4")], type: "g")
            tar.add("good.mp4", data: [9])
        }
        #expect(store.names == ["good.mp4"])
        #expect(store.defects.count == 1 && store.defects[0].contains("global header"))
    }

    @Test func takesBigNumbersInBinary() throws {
        #expect(TarHeader.number([0x80, 0, 0, 0, 0, 0, 0, 0x0C, 0x80, 0, 0, 0]) == 0xC_8000_0000)
        #expect(TarHeader.number([0xFF] + Array(repeating: 0xFF, count: 11)) == nil)
        #expect(TarHeader.number([0x80] + Array(repeating: 0x7F, count: 11)) == nil)
        #expect(TarHeader.number(Array("  0000644 \u{0}".utf8)[...]) == 0o644)
        #expect(TarHeader.number(Array("0000648\u{0}".utf8)[...]) == nil)
        #expect(TarHeader.number([UInt8](repeating: 0, count: 12)[...]) == 0)
    }

    @Test func joinsThePrefixOfPOSIX() throws {
        let store = try store { $0.add(Array("n.mp4".utf8), data: [1], prefix: "some/folder") }
        #expect(store.names == ["some/folder/n.mp4"])
    }

    @Test func keepsWhatStandsBeforeACut() throws {
        var tar = TarBytes()
        tar.add("whole.mp4", data: [UInt8](repeating: 1, count: 700))
        tar.add("cut.mp4", data: [UInt8](repeating: 2, count: 700))
        let inData = try store(Array(tar.bytes[..<2300]))
        #expect(inData.names == ["whole.mp4"] && inData.defects.count == 1)
        #expect(inData.rejection(of: "cut.mp4")?.contains("is cut short") == true)
        let inHeader = try store(Array(tar.bytes[..<1700]))
        #expect(inHeader.names == ["whole.mp4"] && inHeader.defects == ["is cut short in the header at byte 1536"])
        let atHeader = try store(Array(tar.bytes[..<1536]))
        #expect(atHeader.names == ["whole.mp4"])
        #expect(atHeader.defects == ["ends at byte 1536 without an end mark; it may have been cut short"])
    }

    @Test func tellsDamageAndWhatFollowsTheEnd() throws {
        var tar = TarBytes()
        tar.add("first.mp4", data: [1])
        let one = tar.bytes
        tar.append([UInt8](repeating: 0x41, count: 512))
        tar.add("lost.mp4", data: [1])
        let damaged = try store(tar.bytes)
        #expect(damaged.names == ["first.mp4"])
        #expect(damaged.defects.count == 1 && damaged.defects[0].hasPrefix("is damaged at byte 1024: the checksum"))
        let joined = try store(one + [UInt8](repeating: 0, count: 1024) + one)
        #expect(joined.names == ["first.mp4"])
        #expect(joined.defects.count == 1 && joined.defects[0].hasPrefix("goes on behind its end mark at byte 1024"))
    }

    @Test(arguments: [
        ([0x1F, 0x8B, 8, 0], "compressed with gzip"), ([0x28, 0xB5, 0x2F, 0xFD], "compressed with zstd"),
        ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0], "compressed with xz"), (Array("BZh9".utf8), "compressed with bzip2"),
        (Array("PK\u{3}\u{4}".utf8), "another kind"), (Array("hello".utf8), "no tar archive: 5 bytes"),
        ([], "is empty"),
        (Array(repeating: 0x41, count: 2000), "no tar archive: the checksum"),
    ]) func refusesWhatIsNoTar(bytes: [UInt8], reason: String) throws {
        do {
            _ = try store(bytes)
            Issue.record("accepted")
        } catch {
            #expect("\(error)".contains(reason), "\(error)")
        }
    }

    @Test func whatItIsDecidesAndNotItsName() throws {
        try withDatasetFolder { folder in
            let inner = "\(folder)/x.tar"
            try FileManager.default.createDirectory(atPath: inner + ".d", withIntermediateDirectories: true)
            try FileManager.default.createDirectory(atPath: inner, withIntermediateDirectories: true)
            try Data([1]).write(to: URL(filePath: inner + "/a.mp4"))
            #expect(try ClipStores.open(inner, cache: nil).location(of: "a.mp4") == .file(path: inner + "/a.mp4"))
            #expect(try ClipStores.open(inner + ".d", cache: nil).names.isEmpty)
            #expect(mkfifo("\(folder)/pipe.tar", 0o644) == 0)
            #expect(throws: DatasetError.self) { try ClipStores.open("\(folder)/pipe.tar", cache: nil) }
            #expect(throws: DatasetError.self) { try ClipStores.open("\(folder)/absent", cache: nil) }
        }
    }
}
