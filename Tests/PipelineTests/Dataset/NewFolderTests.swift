import Foundation
import TestSupport
import Testing

@testable import Pipeline

@Suite struct NewFolderTests {
    @Test func anEmptyFolderMayBeSaidAsALinkOrWithDots() throws {
        try withTemporaryDirectory { directory in
            for (name, said) in [("a", "link"), ("b", "b/.")] {
                try FileManager.default.createDirectory(
                    atPath: "\(directory)/\(name)", withIntermediateDirectories: false)
                if said == "link" {
                    try FileManager.default.createSymbolicLink(
                        atPath: "\(directory)/link", withDestinationPath: "\(directory)/\(name)")
                }
                let folder = try NewFolder("\(directory)/\(said)")
                try folder.write("x", as: "file")
                try folder.commit()
                #expect(try String(contentsOfFile: "\(directory)/\(name)/file", encoding: .utf8) == "x")
            }
            let left = try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
            #expect(left == ["a", "b", "link"])
        }
    }

    @Test(.enabled(if: (try? FileManager.default.contentsOfDirectory(atPath: "/dev/shm")) == []))
    func aMountPointIsRefusedBeforeTheWork() {
        let error = #expect(throws: DatasetError.self) { try NewFolder.requireUnused("/dev/shm") }
        #expect("\(error, default: "")".contains("something is mounted there"))
    }
}
