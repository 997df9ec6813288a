import Foundation

/// Memory that can be had without taking it from other processes.
enum FreeMemory {
    /// Bytes, swap included; nil where the kernel does not say.
    static var byteCount: Int? {
        (try? String(contentsOfFile: "/proc/meminfo", encoding: .utf8)).flatMap { byteCount(of: $0) }
    }

    /// Reads the text of `/proc/meminfo`.
    static func byteCount(of text: String) -> Int? {
        func kilobytes(_ key: String) -> Int? {
            let line = text.split(separator: "\n").first { $0.hasPrefix(key + ":") }
            return line?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
        }
        return kilobytes("MemAvailable").map { ($0 + (kilobytes("SwapFree") ?? 0)) << 10 }
    }
}
