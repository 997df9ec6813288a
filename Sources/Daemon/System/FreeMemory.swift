import Foundation

/// Memory that can be had without taking it from other processes.
enum FreeMemory {
    /// Bytes, swap included, and no more than a container, a service or a job may take; nil where the kernel does not say.
    static var byteCount: Int? {
        func text(_ path: String) -> String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }
        let free = byteCount(of: text("/proc/meminfo"))
        return [free, groupLimit(text("/proc/self/cgroup"), root: "/sys/fs/cgroup")].compactMap(\.self).min()
    }

    /// Reads the text of `/proc/meminfo`.
    static func byteCount(of text: String) -> Int? {
        func kilobytes(_ key: String) -> Int? {
            let line = text.split(separator: "\n").first { $0.hasPrefix(key + ":") }
            return line?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
        }
        return kilobytes("MemAvailable").map { ($0 + (kilobytes("SwapFree") ?? 0)) << 10 }
    }

    /// The least limit of a control group (version 2) and of those that it is in.
    ///
    /// - Parameters:
    ///   - membership: the text of `/proc/self/cgroup`.
    ///   - root: where the groups are mounted.
    static func groupLimit(_ membership: String, root: String) -> Int? {
        guard let line = membership.split(separator: "\n").first(where: { $0.hasPrefix("0::/") }) else { return nil }
        var names = line.dropFirst(4).split(separator: "/")
        var limits: [Int] = []
        while true {
            let file = ([root] + names.map(String.init) + ["memory.max"]).joined(separator: "/")
            let text = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
            if let limit = Int(text.trimmingCharacters(in: .whitespacesAndNewlines)) { limits.append(limit) }
            if names.popLast() == nil { return limits.min() }
        }
    }
}
