import Foundation
import Recognizer

/// What the machine contributes to a configuration: read once, so that the same file and the same environment always
/// give the same configuration.
struct ConfigurationEnvironment: Sendable {
    var variables: [String: String]
    var hostName: String
    var homeDirectory: String
    /// Cores that this process may use.
    var processorCount: Int
    /// Absolute path of the running program.
    var executable: String

    static var current: ConfigurationEnvironment {
        ConfigurationEnvironment(
            variables: ProcessInfo.processInfo.environment,
            hostName: kernelHostName,
            homeDirectory: FileManager.default.homeDirectoryForCurrentUser.path,
            processorCount: Processors.count,
            executable: (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
                ?? CommandLine.arguments[0])
    }

    /// As the kernel has it, without asking a name server.
    private static var kernelHostName: String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "" }
        return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// The host name as one MQTT topic level.
    var instance: String {
        let name = String(hostName.map { "/+#".contains($0) || $0.isWhitespace ? "-" : $0 }.prefix(64))
        return name.isEmpty ? "claverd" : name
    }

    /// `$STATE_DIRECTORY` as systemd sets it, else the user's own.
    var stateDirectory: String {
        directory("STATE_DIRECTORY") ?? (directory("XDG_STATE_HOME") ?? "\(homeDirectory)/.local/state") + "/claverd"
    }

    /// `$CACHE_DIRECTORY` as systemd sets it, else the user's own.
    var cacheDirectory: String {
        directory("CACHE_DIRECTORY") ?? (directory("XDG_CACHE_HOME") ?? "\(homeDirectory)/.cache") + "/claverd"
    }

    /// The first directory of a colon-separated list.
    private func directory(_ variable: String) -> String? {
        variables[variable]?.split(separator: ":").first.map(String.init)
    }
}
