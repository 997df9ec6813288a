import Foundation
import TestSupport
import Testing

@testable import Daemon

@Suite struct OutputFileTests {
    private func refusal(_ path: String, inputs: [String]) -> CommandFailure? {
        do {
            try OutputFile.check(path, option: "--dump", inputs: inputs)
            return nil
        } catch {
            return error as? CommandFailure
        }
    }

    @Test func refusesWhatIsReadByWhateverName() throws {
        try withTemporaryDirectory { directory in
            let (list, other) = (directory + "/list.txt", directory + "/other.txt")
            for path in [list, other] { try "a.mp4 0\n".write(toFile: path, atomically: true, encoding: .utf8) }
            try FileManager.default.createSymbolicLink(atPath: directory + "/soft", withDestinationPath: list)
            try FileManager.default.linkItem(atPath: list, toPath: directory + "/hard")
            for path in [list, directory + "/soft", directory + "/hard", directory + "/./list.txt"] {
                let refusal = refusal(path, inputs: [directory + "/none", list])
                #expect(refusal?.status == .usage)
                #expect(refusal?.description.contains("--dump \(path): would be replaced, but is to be read") == true)
            }
            #expect(refusal(other, inputs: [list]) == nil)
            #expect(refusal(directory + "/new", inputs: [list]) == nil)
        }
    }

    @Test(arguments: ["", "none/file", "file/", "list.txt/file"]) func refusesWhereNoFileCanBe(name: String) throws {
        try withTemporaryDirectory { directory in
            try "".write(toFile: directory + "/list.txt", atomically: true, encoding: .utf8)
            #expect(refusal(name.isEmpty ? "" : directory + "/" + name, inputs: [])?.status == .cannotCreate)
        }
    }

    @Test func refusesFoldersAndDevices() throws {
        try withTemporaryDirectory { directory in
            for path in [directory, "/dev/null"] {
                #expect(refusal(path, inputs: [])?.description == "--dump \(path): not a regular file")
            }
        }
    }

    @Test func aLinkStaysALink() throws {
        try withTemporaryDirectory { directory in
            try "".write(toFile: directory + "/page.html", atomically: true, encoding: .utf8)
            try FileManager.default.createSymbolicLink(
                atPath: directory + "/link", withDestinationPath: directory + "/page.html")
            #expect(OutputFile.target(of: directory + "/link").hasSuffix("/page.html"))
        }
    }
}
