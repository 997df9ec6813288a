import Foundation

/// A server script of `Tests/Servers`, running on a loopback port of its own choosing until it is killed.
package final class CameraServer: Sendable {
    package let port: Int
    private let process: Process
    /// Ends when this process does, and the script with it.
    private let life = Pipe()

    package enum Failure: Error {
        case noPort(String)
    }

    /// Starts the script and waits for the port that it prints.
    package init(script: String, _ arguments: [String] = []) throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let output = Pipe()
        process = Process()
        process.executableURL = URL(filePath: "/usr/bin/python3")
        process.arguments = [folder.appending(path: "Servers/\(script)").path] + arguments
        process.standardOutput = output
        process.standardInput = life
        try process.run()
        var text = ""
        while !text.hasSuffix("\n") {
            let data = output.fileHandleForReading.availableData
            guard !data.isEmpty else { throw Failure.noPort("\(script) printed '\(text)' and ended") }
            text += String(decoding: data, as: UTF8.self)
        }
        guard let port = Int(text.dropFirst("port ".count).prefix { $0.isNumber }) else { throw Failure.noPort(text) }
        self.port = port
    }

    deinit { kill() }

    /// Ends it at once, as a power cut would.
    package func kill() {
        Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// Stops it in its tracks; its connections stay open and silent.
    package func freeze() { Foundation.kill(process.processIdentifier, SIGSTOP) }

    package func thaw() { Foundation.kill(process.processIdentifier, SIGCONT) }
}
