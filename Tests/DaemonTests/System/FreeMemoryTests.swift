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
}
