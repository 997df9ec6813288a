import Foundation
import Testing

@testable import Pipeline

@Suite struct TarWriterTests {
    @Test func archivesAreReadByTheStoreAndByTar() throws {
        try withDatasetFolder { folder in
            let contents: [(String, [UInt8])] = [
                ("a.mp4", [1, 2, 3]), ("empty.mp4", []), ("block.mp4", [UInt8](repeating: 7, count: 512)),
                (String(repeating: "n", count: 100), [9]),
            ]
            let writer = try TarWriter("\(folder)/x.tar")
            for (name, content) in contents { try writer.append(content, as: name) }
            try writer.finish()
            let store = try TarStore("\(folder)/x.tar", cache: nil)
            #expect(store.names == contents.map(\.0).sorted() && store.rejections.isEmpty && store.defects.isEmpty)
            try FileManager.default.createDirectory(atPath: "\(folder)/x", withIntermediateDirectories: true)
            #expect(try runProgram("/bin/tar", ["-xf", "x.tar", "-C", "x"], in: folder) == 0)
            for (name, content) in contents {
                #expect(try Data(contentsOf: URL(filePath: "\(folder)/x/\(name)")) == Data(content))
            }
        }
    }

    @Test func saysWhereItCannotWrite() {
        #expect(throws: DatasetError.self) { try TarWriter("/nowhere/x.tar") }
    }
}
