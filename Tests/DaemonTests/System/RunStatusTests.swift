import Logging
import Synchronization
import Testing

@testable import Daemon

@Suite struct RunStatusTests {
    @Test func warnsOfWhatWasLeftOutOnceInAWhile() {
        let lines = Lines()
        let log = Logger(label: "test") { _ in
            StandardErrorLog(level: .info, isJournal: true) { line in lines.text.withLock { $0.append(line) } }
        }
        var status = RunStatus(cameras: ["a"])
        status.note(leftOut: .init(frames: 0, windows: 0), log: log)
        #expect(lines.text.withLock { $0.isEmpty })
        status.note(leftOut: .init(frames: 2, windows: 1), log: log)
        status.note(leftOut: .init(frames: 9, windows: 1), log: log)
        #expect(lines.text.withLock { $0.count } == 1)
        #expect(lines.text.withLock { $0[0].hasPrefix("<4>inference is too slow: 2 frames and 1 windows left out") })
    }

    private final class Lines: Sendable {
        let text = Mutex<[String]>([])
    }
}
