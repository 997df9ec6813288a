package import Foundation

/// A certificate authority made for one test, with a server certificate for the loopback host and a client certificate. All
/// are names of PEM files.
package struct MosquittoCertificates: Sendable {
    package let authority: String
    package let serverCertificate: String
    package let serverKey: String
    package let clientCertificate: String
    package let clientKey: String
    private let folder: MosquittoFolder

    package init() throws {
        folder = try MosquittoFolder()
        let script = """
            set -e
            cd "$1"
            new() { openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout $1.key -subj /CN=$1 "${@:2}"; }
            new authority -x509 -days 2 -out authority.pem
            printf 'subjectAltName=IP:127.0.0.1,DNS:localhost' > names
            for who in server client; do
                new $who -out $who.csr
                openssl x509 -req -in $who.csr -CA authority.pem -CAkey authority.key -CAcreateserial -days 2 \
                    -extfile names -out $who.pem
            done
            """
        try RunningProgram.run("/bin/bash", ["-c", script, "bash", folder.url.path(percentEncoded: false)])
        let folder = folder
        func path(_ name: String) -> String { folder.url.appending(path: name).path(percentEncoded: false) }
        authority = path("authority.pem")
        serverCertificate = path("server.pem")
        serverKey = path("server.key")
        clientCertificate = path("client.pem")
        clientKey = path("client.key")
    }
}

/// A temporary folder that goes with its owner.
package final class MosquittoFolder: Sendable {
    package let url: URL

    package init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "claverd-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: url)
    }
}
