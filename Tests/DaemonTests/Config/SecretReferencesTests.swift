import Foundation
import Pipeline
import TestSupport
import Testing

@testable import Daemon

@Suite struct SecretReferencesTests {
    private static let secret = "pass/w@rd-4711"

    /// A configuration whose camera and broker passwords are `secret`, from a file with the permissions given.
    private func withCredential<R>(
        mode: Int = 0o600, content: String = secret + "\n", _ body: (_ variables: [String: String]) throws -> R
    ) throws -> R {
        try withTemporaryDirectory { directory in
            try Data(content.utf8).write(to: URL(filePath: "\(directory)/lobby"))
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: "\(directory)/lobby")
            return try body(["CREDENTIALS_DIRECTORY": directory])
        }
    }

    private static let text = """
        model: demo
        cameras:
          - {name: a, source: "rtsp://u:${credential:lobby}@h/s"}
        sinks:
          - mqtt: {host: h, password: "${credential:lobby}"}
        """

    @Test func putsTheValueInAndEscapesItInsideAURI() throws {
        try withCredential { variables in
            let configuration = try Configuration(text: Self.text, variables: variables)
            guard case .network(let camera) = configuration.cameras[0].source else {
                Issue.record("no network camera")
                return
            }
            #expect(camera.uri == "rtsp://h/s")
            #expect(camera.credentials == Credentials(user: "u", password: Self.secret))
            #expect(configuration.cameras[0].shownSource == "rtsp://u:${credential:lobby}@h/s")
            #expect(configuration.warnings.isEmpty)
            let reader = try configuration.sinks[0].reader(file: "t.yaml")
            #expect(try reader.text("password") == Self.secret)
        }
    }

    @Test func printsReferencesAndNeverValues() throws {
        try withCredential { variables in
            let effective = try Configuration(text: Self.text, variables: variables).effective
            for shown in [try SettingsWriter.yaml(effective), SettingsWriter.json(effective).pretty] {
                #expect(shown.contains("rtsp://u:${credential:lobby}@h/s"))
                #expect(!shown.contains("4711"))
            }
        }
    }

    @Test func masksPasswordsInClearText() throws {
        let text = """
            model: demo
            cameras: [{name: a, source: "rtsp://u:hunter2@h/s"}]
            sinks: [{mqtt: {host: h, password: hunter2}}]
            """
        let configuration = try Configuration(text: text)
        let shown = try SettingsWriter.yaml(configuration.effective)
        #expect(shown.contains("rtsp://u:***@h/s"))
        #expect(!shown.contains("hunter2"))
        #expect(!"\(configuration.cameras[0])".contains("hunter2"))
    }

    @Test(arguments: [
        "model: demo\ncameras: [{name: \"${credential:lobby}\", source: a}]",
        "model: demo\ncameras: [{name: a, source: a}]\nlog: {level: \"${credential:lobby}\"}",
        "model: demo\ncameras: [{name: a, source: a}]\ninstance: \"x${credential:lobby}\"",
        "model: demo\ncameras: [{name: a, source: a}]\ntemplates: [\"${credential:lobby}\"]",
        "model: demo\ncameras: [{name: a, source: a}]\nsampling: {every: \"${credential:lobby}\"}",
        "model: \"${credential:lobby}\"\ncameras: [{name: a, source: a}]",
    ])
    func keepsTheValueOutOfErrors(text: String) throws {
        try withCredential { variables in
            do {
                _ = try Configuration(text: text, variables: variables).modelDirectory()
                Issue.record("accepted")
            } catch {
                #expect(!"\(error)".contains("w@rd-4711"), "\(error)")
            }
        }
    }

    @Test func keepsALongValueOutOfErrorsThatShortenIt() throws {
        let long = String(repeating: "s3cr3t-", count: 60)
        let text = "model: demo\ncameras: [{name: a, source: a}]\nlog: {level: \"${env:LONG}\"}"
        let error = try #require(configurationError(text, variables: ["LONG": long]))
        #expect(!error.contains("s3cr3t"))
    }

    @Test func leavesNumbersNumbers() throws {
        let text = "model: demo\nworkers: ${env:N}\ncameras: [{name: a, source: a}]"
        let configuration = try Configuration(text: text, variables: ["N": "7"])
        #expect(configuration.workers == 7)
        #expect(try SettingsWriter.yaml(configuration.effective).contains("workers: ${env:N}"))
    }

    @Test func warnsOfASecretThatEverybodyCanRead() throws {
        try withCredential(mode: 0o644) { variables in
            let warnings = try Configuration(text: Self.text, variables: variables).warnings
            #expect(warnings.count == 2)
            #expect(warnings[0].hasSuffix("/lobby holds a secret and everybody can read it; chmod 600 it"))
        }
    }

    @Test(arguments: [
        ("${env:NONE}", "t.yaml:2:11: instance: ${env:NONE}: the environment has no variable NONE"),
        ("${credential:x}", "t.yaml:2:11: instance: ${credential:x}: $CREDENTIALS_DIRECTORY is not set"),
        ("${vault:x}", "t.yaml:2:11: instance: ${vault:x}: unknown reference; write ${env:NAME} or ${credential:NAME}"),
        ("${HOME}", "t.yaml:2:11: instance: ${HOME}: unknown reference"),
        ("${env:A", #"t.yaml:2:11: instance: "${" without "}""#),
        ("${credential:../../etc/shadow}", "a name has letters, digits"),
        ("${credential:.hidden}", "a name has letters, digits"),
    ])
    func saysWhatIsMissing(reference: String, expected: String) throws {
        let text = "model: demo\ninstance: \"\(reference)\"\ncameras: [{name: a, source: a}]"
        #expect(try #require(configurationError(text)).contains(expected))
    }

    @Test func saysWhichFileIsMissing() throws {
        try withTemporaryDirectory { directory in
            let error = configurationError(Self.text, variables: ["CREDENTIALS_DIRECTORY": directory])
            #expect(error == "t.yaml:3:23: cameras[0].source: ${credential:lobby}: there is no file \(directory)/lobby")
        }
    }
}

@Suite struct URITextTests {
    @Test(arguments: [
        ("rtsp://user:pw@host:554/s", "rtsp://user:***@host:554/s"),
        ("rtsp://user:p@w@host/s", "rtsp://user:***@host/s"),
        ("rtsp://user:p/w@host/s", "rtsp://user:***@host/s"),
        ("rtsp://user:${credential:x}@host/s", "rtsp://user:${credential:x}@host/s"),
        ("rtsp://${env:u}:${credential:x}@host/s", "rtsp://${env:u}:${credential:x}@host/s"),
        ("rtsp://user:a${env:x}@host/s", "rtsp://user:***@host/s"),
        ("rtsp://user@host/s", "rtsp://user@host/s"),
        ("rtsp://host:554/a@b", "rtsp://host:554/a@b"),
        ("rtsp://[fe80::1]/a@b", "rtsp://[fe80::1]/a@b"),
        ("/srv/a:b@c.mp4", "/srv/a:b@c.mp4"),
    ])
    func hidesThePassword(uri: String, shown: String) {
        #expect(URIText.masked(uri) == shown)
    }
}
