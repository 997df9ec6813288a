import Foundation
import Glibc
import Pipeline
import TestSupport
import Testing

@testable import Plugins

@Suite struct LogSinkTests {
    private let folder: MosquittoFolder
    private let output: Int32
    private let outputPath: String
    private var surroundings: LogSurroundings

    init() throws {
        folder = try MosquittoFolder()
        outputPath = folder.url.appending(path: "output").path(percentEncoded: false)
        output = open(outputPath, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        surroundings = LogSurroundings()
        surroundings.standardOutput = output
        surroundings.standardError = -1
        surroundings.journalStream = nil
        surroundings.journalSocket = folder.url.appending(path: "journal").path(percentEncoded: false)
        surroundings.timeZone = try #require(TimeZone(identifier: "UTC"))
        surroundings.now = { Date(timeIntervalSince1970: 1_700_000_000) }
    }

    private func sink(_ value: SettingValue) throws -> LogSink {
        try LogSink(settings: value.reader(for: LogSink.self), context: .example(), surroundings: surroundings)
    }

    private func written() throws -> String { try String(contentsOfFile: outputPath, encoding: .utf8) }

    @Test func writesTextToStandardOutputUnlessToldOtherwise() async throws {
        let sink = try sink([:])
        try await sink.start()
        try await sink.deliver(.event(.example(.new, seq: 1)))
        try await sink.deliver(
            .scores(WindowScores(camera: "lobby", window: .init(start: 0, end: 1), top: [])))
        await sink.stop(within: .seconds(5))
        #expect(try written() == "22:13:20.000  lobby  NEW     waving                0.87  0:02.3\n")
    }

    @Test func writesJSONLinesWithScoresWhenAsked() async throws {
        let sink = try sink(["format": "json", "scores": "true"])
        let event = ActionEvent.example(.new, seq: 1)
        try await sink.deliver(.event(event))
        try await sink.deliver(.camera(name: "lobby", state: .authFailed, reason: "401"))
        let scores = WindowScores(
            camera: "lobby", window: .init(start: 0, end: 1.5), top: [.init(label: "waving", score: 0.87)])
        try await sink.deliver(.scores(scores))
        let lines = try written().split(separator: "\n").map(String.init)
        #expect(lines.count == 3)
        #expect(try EventJSON.decode(Data(lines[0].utf8)) == event)
        #expect(lines[1] == #"{"camera":"lobby","reason":"401","state":"auth_failed","type":"camera"}"#)
        #expect(
            lines[2] == #"{"camera":"lobby","top":[{"label":"waving","score":0.87}],"window":{"end":1.5,"start":0}}"#)
    }

    @Test func failsWhenNobodyTakesTheLines() async throws {
        let sink = try sink(["to": "stderr"])
        await #expect(throws: PluginError.self) { try await sink.deliver(.event(.example(.new, seq: 1))) }
    }

    @Test(arguments: [["format": "xml"], ["to": "file"], ["scores": "1"], ["colour": "true"]] as [SettingValue])
    func refusesABlockThatIsWrong(value: SettingValue) {
        #expect(throws: SettingsError.self) { try sink(value) }
    }

    @Test mutating func journalIsChosenOnlyWhereSystemdConnectedTheStream() throws {
        var found = stat()
        #expect(fstat(output, &found) == 0)
        for (value, isJournal) in [
            ("\(found.st_dev):\(found.st_ino)", true), ("\(found.st_dev):\(found.st_ino + 1)", false), ("", false),
            ("1", false), ("a:b", false),
        ] {
            surroundings.journalStream = value
            #expect(surroundings.isJournal(output) == isJournal, "\(value)")
        }
    }

    @Test mutating func sendsFieldsToTheJournalWhenStartedBySystemd() async throws {
        var found = stat()
        #expect(fstat(output, &found) == 0)
        surroundings.journalStream = "\(found.st_dev):\(found.st_ino)"
        let journal = try DatagramReceiver(path: surroundings.journalSocket)
        let sink = try sink([:])
        try await sink.deliver(.event(.example(.end, seq: 9, label: "falling\ndown", end: 7.1, reason: .score)))
        let fields = try JournalFields(journal.receive())
        #expect(fields["CLAVERD_LABEL"] == "falling\ndown")
        #expect(fields["MESSAGE"] == "lobby  END     falling\\u{a}down      0.91  0:02.3 ... 0:07.1 (4.8 s)")
        #expect(fields["PRIORITY"] == "6")
        #expect(fields["SYSLOG_IDENTIFIER"] == "claverd")
        #expect(fields["CLAVERD_CAMERA"] == "lobby")
        #expect(fields["CLAVERD_TYPE"] == "end")
        #expect(fields["CLAVERD_SCORE"] == "0.8700")
        #expect(fields["CLAVERD_EVENT_ID"] == "01J0000000000000000000000A")
        #expect(fields["MESSAGE_ID"]?.count == 32)
        try await sink.deliver(.camera(name: "dock", state: .offline, reason: "no route"))
        let camera = try JournalFields(journal.receive())
        #expect(camera["PRIORITY"] == "4")
        #expect(camera["CLAVERD_STATE"] == "offline")
        #expect(camera["MESSAGE_ID"] != fields["MESSAGE_ID"])
        #expect(try written() == "")
    }

    @Test func saysThatThereIsNoJournal() async throws {
        let sink = try sink(["format": "journald"])
        let error = await #expect(throws: PluginError.self) { try await sink.deliver(.event(.example(.new, seq: 1))) }
        #expect(error?.description.contains("journald") == true)
    }
}

/// The receiving end of a datagram socket, as journald has it.
private final class DatagramReceiver {
    private let descriptor: Int32

    init(path: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(bound == 0)
    }

    deinit {
        close(descriptor)
    }

    func receive() throws -> Data {
        var bytes = [UInt8](repeating: 0, count: 65536)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        try #require(count > 0)
        return Data(bytes.prefix(count))
    }
}

/// A datagram of journald's native protocol taken apart.
private struct JournalFields {
    private var values: [String: String] = [:]

    init(_ datagram: Data) throws {
        var rest = datagram[...]
        while !rest.isEmpty {
            let nameEnd = try #require(rest.firstIndex { $0 == UInt8(ascii: "=") || $0 == UInt8(ascii: "\n") })
            let name = String(decoding: rest[..<nameEnd], as: UTF8.self)
            let isLong = rest[nameEnd] == UInt8(ascii: "\n")
            rest = rest[(nameEnd + 1)...]
            var valueEnd = try #require(isLong ? rest.startIndex : rest.firstIndex(of: UInt8(ascii: "\n")))
            if isLong {
                let count = rest.prefix(8).enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
                rest = rest.dropFirst(8)
                valueEnd = rest.startIndex + count
            }
            values[name] = String(decoding: rest[..<valueEnd], as: UTF8.self)
            try #require(rest[valueEnd] == UInt8(ascii: "\n"))
            rest = rest[(valueEnd + 1)...]
        }
    }

    subscript(name: String) -> String? { values[name] }
}
