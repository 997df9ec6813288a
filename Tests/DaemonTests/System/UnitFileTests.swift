import Foundation
import TestSupport
import Testing

@testable import Daemon

@Suite struct UnitFileTests {
    /// Lends a copy of the unit, with a program that exists and the drop-ins given.
    private func withUnit(dropIns: [String], _ body: (String) throws -> Void) throws {
        try withTemporaryDirectory { directory in
            let systemd = packageRoot.appending(path: "systemd")
            let unit = try String(contentsOf: systemd.appending(path: "claverd.service"), encoding: .utf8)
            let program = "/usr/bin/claverd"
            try #require(unit.contains("ExecStart=\(program) "))
            let copy = "\(directory)/claverd.service"
            try unit.replacing("ExecStart=\(program) ", with: "ExecStart=/usr/bin/true ")
                .write(toFile: copy, atomically: true, encoding: .utf8)
            if !dropIns.isEmpty {
                try FileManager.default.createDirectory(atPath: "\(copy).d", withIntermediateDirectories: false)
            }
            for name in dropIns {
                try FileManager.default.copyItem(
                    atPath: systemd.appending(path: name).path, toPath: "\(copy).d/\(name)")
            }
            try body(copy)
        }
    }

    @Test(arguments: [[], ["openblas-only.conf"], ["usb-camera.conf"], ["openblas-only.conf", "usb-camera.conf"]])
    func systemdFindsNothingToComplainAbout(dropIns: [String]) throws {
        try withUnit(dropIns: dropIns) { unit in
            let result = try ProgramRun("/usr/bin/systemd-analyze", ["verify", unit])
            #expect(result.status == 0)
            #expect(result.error.isEmpty, "\(result.error)")
        }
    }

    @Test func exposureIsBelowTwentyOfAHundred() throws {
        try withUnit(dropIns: []) { unit in
            let result = try ProgramRun(
                "/usr/bin/systemd-analyze", ["security", "--offline=yes", "--threshold=20", "--no-pager", unit])
            #expect(result.status == 0, "\(result.output)")
            #expect(result.output.contains("Overall exposure level"))
        }
    }
}
