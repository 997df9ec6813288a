package import Foundation

/// A real mosquitto on a free loopback port, with its configuration in a temporary folder. The port stays the same over
/// `stop` and `start`.
package final class MosquittoBroker: Sendable {
    package enum Access: Sendable {
        case open
        /// One user, one password; nobody else.
        case password(user: String, password: String)
        /// TLS; who connects needs a certificate of the same authority.
        case certificates(MosquittoCertificates)
        /// Everybody, but only the topics in mosquitto's own `topic ...` lines.
        case rules([String])
    }

    package let port: Int
    package let folder: URL
    private nonisolated(unsafe) var process: RunningProgram?

    /// Writes the configuration; does not start yet.
    package init(_ access: Access = .open) throws {
        port = try MosquittoPort.free()
        folder = FileManager.default.temporaryDirectory.appending(path: "claverd-broker-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        var lines = ["listener \(port) 127.0.0.1", "user root", "log_dest stderr", "log_type all", "persistence false"]
        switch access {
        case .open:
            lines.append("allow_anonymous true")
        case .password(let user, let password):
            let file = folder.appending(path: "passwords")
            try RunningProgram.run(
                "/usr/bin/mosquitto_passwd", ["-b", "-c", file.path(percentEncoded: false), user, password])
            lines += ["allow_anonymous false", "password_file \(file.path(percentEncoded: false))"]
        case .certificates(let certificates):
            lines += [
                "allow_anonymous true", "require_certificate true", "cafile \(certificates.authority)",
                "certfile \(certificates.serverCertificate)", "keyfile \(certificates.serverKey)",
            ]
        case .rules(let rules):
            let file = folder.appending(path: "rules")
            try rules.joined(separator: "\n").appending("\n").write(to: file, atomically: true, encoding: .utf8)
            lines += ["allow_anonymous true", "acl_file \(file.path(percentEncoded: false))"]
        }
        try lines.joined(separator: "\n").appending("\n").write(
            to: folder.appending(path: "mosquitto.conf"), atomically: true, encoding: .utf8)
    }

    deinit {
        process?.stop()
        try? FileManager.default.removeItem(at: folder)
    }

    /// What the broker logs since its latest start.
    package var log: OutputLines { process?.output ?? OutputLines() }

    /// Starts the broker and returns when it accepts connections.
    package func start() async throws {
        let process = try RunningProgram(
            "/usr/sbin/mosquitto", ["-c", folder.appending(path: "mosquitto.conf").path(percentEncoded: false)])
        self.process = process
        try await process.output.wait(containing: "running")
    }

    /// Stops the broker and returns when it has ended; retained messages are gone.
    package func stop() {
        process?.stop()
        process = nil
    }

    /// `mosquitto_sub` on everything below `topic`, subscribed when this returns. Lines of its output are
    /// `topic qos retained payload` with the flags as they were published.
    package func subscriber(
        to topic: String = "#", through certificates: MosquittoCertificates? = nil, as user: (String, String)? = nil
    ) async throws -> RunningProgram {
        let name = "subscriber-\(UUID().uuidString)"
        var arguments = [
            "-i", name, "-h", "127.0.0.1", "-p", "\(port)", "-t", topic, "-q", "2", "-V", "mqttv5",
            "--retain-as-published",
            "-F", "%t %q %r %p",
        ]
        if let certificates {
            arguments += [
                "--cafile", certificates.authority, "--cert", certificates.clientCertificate, "--key",
                certificates.clientKey,
            ]
        }
        if let user { arguments += ["-u", user.0, "-P", user.1] }
        let process = try RunningProgram("/usr/bin/mosquitto_sub", arguments)
        try await log.wait(containing: "Sending SUBACK to \(name)")
        return process
    }
}
