import Foundation
import TestSupport
import Testing

@testable import Daemon

@Suite struct FreeMemoryTests {
    @Test func isWhatTheKernelCallsAvailableAndSwap() {
        let text = "MemTotal:       24000 kB\nMemFree:  10 kB\nMemAvailable:    2000 kB\nSwapFree:         48 kB\n"
        #expect(FreeMemory.byteCount(of: text) == 2048 << 10)
        #expect(FreeMemory.byteCount(of: "MemAvailable: 3 kB\n") == 3 << 10)
        #expect(FreeMemory.byteCount(of: "MemTotal: 3 kB\n") == nil)
        #expect((FreeMemory.byteCount ?? 0) > 1 << 20)
    }

    @Test func aControlGroupAndThoseAboveItLimit() throws {
        try withTemporaryDirectory { root in
            try FileManager.default.createDirectory(atPath: root + "/a/b", withIntermediateDirectories: true)
            #expect(FreeMemory.groupLimit("0::/a/b\n", root: root) == nil)
            for (place, text) in [("", "max\n"), ("/a", "5000\n"), ("/a/b", "7000\n")] {
                try text.write(toFile: root + place + "/memory.max", atomically: true, encoding: .utf8)
            }
            #expect(FreeMemory.groupLimit("0::/a/b\n", root: root) == 5000)
            #expect(FreeMemory.groupLimit("0::/\n", root: root) == nil)
            #expect(FreeMemory.groupLimit("1:cpu:/a\n0::/a\n", root: root) == 5000)
        }
    }
}
