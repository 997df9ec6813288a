import Foundation
import TestSupport
import Testing

@testable import Pipeline

@Suite struct TarIndexFileTests {
    private func withArchive(_ body: (_ folder: String, _ archive: String, _ index: String) throws -> Void) throws {
        try withDatasetFolder { folder in
            var tar = TarBytes()
            tar.add("a.mp4", data: [1, 2])
            tar.add("b c.mp4", data: [3])
            tar.add("../x.mp4", data: [3])
            let archive = "\(folder)/a.tar"
            try Data(tar.bytes).write(to: URL(filePath: archive))
            try body(folder, archive, archive + ".claverd-index")
        }
    }

    private func identity(_ path: String) throws -> PlainFile.Identity { try PlainFile(path).identity }

    @Test func givesBackWhatWasIndexed() throws {
        try withArchive { _, archive, index in
            let first = try TarStore(archive, cache: nil)
            #expect(FileManager.default.fileExists(atPath: index))
            let loaded = try #require(TarIndexFile.load(index, identity: identity(archive)))
            #expect(
                loaded.names == ["a.mp4", "b c.mp4"] && loaded.offsets == [512, 1536] && loaded.byteCounts == [2, 1])
            #expect(
                loaded.rejections == first.rejections && loaded.defects == first.defects && loaded.defects.count == 1)
        }
    }

    @Test func isUsedInsteadOfTheHeaders() throws {
        try withArchive { _, archive, index in
            let identity = try identity(archive)
            let other = TarIndex(
                members: [TarIndex.Member(name: "from-index.mp4", offset: 512, byteCount: 1)], rejections: [],
                defects: [])
            #expect(TarIndexFile.save(other, identity: identity, to: index))
            #expect(try TarStore(archive, cache: nil).names == ["from-index.mp4"])
        }
    }

    @Test func isMadeAnewForAnotherArchive() throws {
        try withArchive { _, archive, index in
            _ = try TarStore(archive, cache: nil)
            var tar = TarBytes()
            tar.add("new.mp4", data: [1])
            tar.end()
            try Data(tar.bytes).write(to: URL(filePath: archive))
            #expect(try TarIndexFile.load(index, identity: identity(archive)) == nil)
            #expect(try TarStore(archive, cache: nil).names == ["new.mp4"])
            #expect(try TarIndexFile.load(index, identity: identity(archive))?.names == ["new.mp4"])
        }
    }

    @Test func isNotBelievedWhenItIsDamagedOrLies() throws {
        try withArchive { _, archive, index in
            let identity = try identity(archive)
            _ = try TarStore(archive, cache: nil)
            let good = try Data(contentsOf: URL(filePath: index))
            for place in stride(from: 0, to: good.count, by: 7) {
                var bad = good
                bad[place] ^= 1
                try bad.write(to: URL(filePath: index))
                #expect(TarIndexFile.load(index, identity: identity) == nil, "byte \(place)")
            }
            for count in [0, 1, good.count / 2, good.count - 1] {
                try good.prefix(count).write(to: URL(filePath: index))
                #expect(TarIndexFile.load(index, identity: identity) == nil, "\(count) bytes")
            }
            for member in [
                TarIndex.Member(name: "a", offset: 512, byteCount: 1 << 40),
                TarIndex.Member(name: "a", offset: 0, byteCount: 1),
                TarIndex.Member(name: "a", offset: 513, byteCount: 1),
                TarIndex.Member(name: "../a", offset: 512, byteCount: 1),
                TarIndex.Member(name: "/a", offset: 512, byteCount: 1),
            ] {
                let lie = TarIndex(members: [member], rejections: [], defects: [])
                #expect(TarIndexFile.save(lie, identity: identity, to: index))
                #expect(TarIndexFile.load(index, identity: identity) == nil, "\(member)")
            }
            #expect(try TarStore(archive, cache: nil).names == ["a.mp4", "b c.mp4"])
        }
    }

    @Test func goesIntoTheCacheWhereTheFolderMustStayAsItIs() throws {
        try withArchive { folder, archive, index in
            let data = "\(folder)/data"
            try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
            try FileManager.default.moveItem(atPath: archive, toPath: "\(data)/a.tar")
            try FileManager.default.setAttributes([.posixPermissions: 0o555], ofItemAtPath: data)
            defer { try? FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: data) }
            #expect(try TarStore("\(data)/a.tar", cache: nil).names.count == 2)
            _ = try TarStore("\(data)/a.tar", cache: "\(folder)/cache")
            #expect(try FileManager.default.contentsOfDirectory(atPath: data) == ["a.tar"])
            let kept = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/cache/tar-index")
            #expect(kept.count == 1)
            #expect(
                try TarIndexFile.load("\(folder)/cache/tar-index/\(kept[0])", identity: identity("\(data)/a.tar"))
                    != nil)
        }
    }

    /// Headers at their places, holes between them: 50 GB that take a few hundred kilobytes.
    @Test func indexesALargeSparseArchiveByItsHeadersAlone() throws {
        try withDatasetFolder { folder in
            let archive = "\(folder)/large.tar"
            let (count, byteCount) = (100, 500_000_256)
            #expect(FileManager.default.createFile(atPath: archive, contents: nil))
            let handle = try #require(FileHandle(forWritingAtPath: archive))
            for index in 0..<count {
                try handle.seek(toOffset: UInt64(index * (byteCount + 512)))
                handle.write(Data(TarBytes.header(Array("\(index).mp4".utf8), size: TarBytes.octal(byteCount))))
            }
            try handle.truncate(atOffset: UInt64(count * (byteCount + 512) + 1024))
            try handle.close()
            let store = try TarStore(archive, cache: nil)
            #expect(store.names.count == count && store.defects.isEmpty)
            let last = store.location(of: "99.mp4")
            #expect(last == .member(archive: archive, offset: 99 * (byteCount + 512) + 512, byteCount: byteCount))
        }
    }
}
