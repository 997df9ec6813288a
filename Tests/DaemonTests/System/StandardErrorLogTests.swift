import Foundation
import Logging
import Synchronization
import Testing

@testable import Daemon

@Suite struct StandardErrorLogTests {
    private final class Lines: Sendable {
        let all = Mutex<[String]>([])
    }

    private func line(isJournal: Bool, _ body: (Logger) -> Void) throws -> String {
        let lines = Lines()
        let handler = StandardErrorLog(level: .debug, isJournal: isJournal) { line in
            lines.all.withLock { $0.append(line) }
        }
        body(Logger(label: "test") { _ in handler })
        let all = lines.all.withLock { $0 }
        try #require(all.count == 1)
        return all[0]
    }

    @Test func beginsWithThePriorityForTheJournal() throws {
        #expect(
            try line(isJournal: true) { $0.info("camera online", metadata: ["camera": "dock"]) }
                == "<6>camera online camera=dock\n")
        #expect(try line(isJournal: true) { $0.error("x") } == "<3>x\n")
        #expect(try line(isJournal: true) { $0.warning("x") } == "<4>x\n")
    }

    @Test func beginsWithTheTimeElsewhere() throws {
        let line = try line(isJournal: false) { $0.warning("x") }
        #expect(line.wholeMatch(of: /\d\d:\d\d:\d\d\.\d{3} warning  x\n/) != nil, "\(line)")
    }

    @Test func keepsHostileTextOnOneLine() throws {
        let line = try line(isJournal: true) { $0.info("a\n<0>forged \u{1b}[2J\u{2028}b", metadata: ["k": "v\r\nw"]) }
        #expect(line == "<6>a\\u{a}<0>forged \\u{1b}[2J\\u{2028}b k=v\\u{d}\\u{a}w\n")
    }

    @Test func recognisesTheStreamThatSystemdGave() throws {
        var status = stat()
        let descriptor = open("/dev/null", O_RDONLY)
        defer { close(descriptor) }
        try #require(fstat(descriptor, &status) == 0)
        let own = "\(status.st_dev):\(status.st_ino)"
        #expect(StandardErrorLog.isConnectedToJournal(environment: ["JOURNAL_STREAM": own], descriptor: descriptor))
        #expect(!StandardErrorLog.isConnectedToJournal(environment: ["JOURNAL_STREAM": "0:1"], descriptor: descriptor))
        #expect(!StandardErrorLog.isConnectedToJournal(environment: [:], descriptor: descriptor))
    }
}
