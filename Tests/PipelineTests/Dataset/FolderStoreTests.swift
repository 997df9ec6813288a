import Foundation
import Testing

@testable import Pipeline

@Suite struct FolderStoreTests {
    @Test func namesRegularFilesBelowTheFolder() throws {
        try withDatasetFolder { folder in
            try FileManager.default.createDirectory(atPath: "\(folder)/b/c d", withIntermediateDirectories: true)
            for name in ["a.mp4", "b/c d/e f.mp4", "b/.hidden"] {
                try Data([1]).write(to: URL(filePath: "\(folder)/\(name)"))
            }
            let store = try FolderStore(folder)
            #expect(store.names == ["a.mp4", "b/.hidden", "b/c d/e f.mp4"] && store.rejections.isEmpty)
            #expect(store.location(of: "b/c d/e f.mp4") == .file(path: "\(folder)/b/c d/e f.mp4"))
            for absent in ["b", "/a.mp4", "../x", "", "b/../a.mp4", "absent"] {
                #expect(store.location(of: absent) == nil, "\(absent)")
            }
        }
    }

    @Test func followsLinksButNoLoops() throws {
        try withDatasetFolder { folder in
            let (data, other) = ("\(folder)/data", "\(folder)/other")
            for path in [data + "/sub", other] {
                try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            }
            try Data([1]).write(to: URL(filePath: other + "/a.mp4"))
            for (link, target) in [
                ("file.mp4", other + "/a.mp4"), ("folder", other), ("sub/up", data), ("sub/self", "."),
                ("one.mp4", "two.mp4"), ("two.mp4", "one.mp4"), ("nothing.mp4", "gone"),
            ] {
                try FileManager.default.createSymbolicLink(atPath: "\(data)/\(link)", withDestinationPath: target)
            }
            let store = try FolderStore(data)
            #expect(store.names == ["file.mp4", "folder/a.mp4"])
            #expect(
                store.rejections == [
                    ClipRejection(name: "nothing.mp4", reason: "a link to nothing"),
                    ClipRejection(name: "one.mp4", reason: "links that lead to each other"),
                    ClipRejection(name: "sub/self", reason: "a link to a folder that it lies in itself"),
                    ClipRejection(name: "sub/up", reason: "a link to a folder that it lies in itself"),
                    ClipRejection(name: "two.mp4", reason: "links that lead to each other"),
                ])
        }
    }

    @Test func skipsWhatIsNoRegularFileWithAReason() throws {
        try withDatasetFolder { folder in
            #expect(mkfifo("\(folder)/pipe.mp4", 0o644) == 0)
            try FileManager.default.createDirectory(atPath: "\(folder)/folder.mp4", withIntermediateDirectories: true)
            try FileManager.default.createSymbolicLink(atPath: "\(folder)/null.mp4", withDestinationPath: "/dev/null")
            let bytes: [UInt8] = Array(folder.utf8) + [0x2F, 0x61, 0xFF, 0]
            let descriptor = open(bytes.map { CChar(bitPattern: $0) }, O_CREAT | O_WRONLY, 0o644)
            #expect(descriptor >= 0)
            close(descriptor)
            let store = try FolderStore(folder)
            #expect(store.names.isEmpty)
            #expect(
                store.rejections.map { "\($0.name): \($0.reason)" } == [
                    "a\u{FFFD}: the name is not UTF-8", "folder.mp4: is a folder; a video file is expected",
                    "null.mp4: is a device; only regular files are read",
                    "pipe.mp4: is a pipe; only regular files are read",
                ])
        }
    }
}
