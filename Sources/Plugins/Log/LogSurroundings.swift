import Foundation
import Glibc

/// What the log sink takes from the process around it.
struct LogSurroundings: Sendable {
    var standardOutput: Int32 = STDOUT_FILENO
    var standardError: Int32 = STDERR_FILENO
    /// systemd's `$JOURNAL_STREAM`: device and inode of the stream it connected to the journal.
    var journalStream = ProcessInfo.processInfo.environment["JOURNAL_STREAM"]
    var journalSocket = "/run/systemd/journal/socket"
    var timeZone = TimeZone.current
    var now: @Sendable () -> Date = { Date() }

    /// Whether whatever is written to `descriptor` ends up in the journal anyway.
    func isJournal(_ descriptor: Int32) -> Bool {
        let numbers = (journalStream ?? "").split(separator: ":", omittingEmptySubsequences: false).map { UInt64($0) }
        var found = stat()
        guard numbers.count == 2, let device = numbers[0], let inode = numbers[1], fstat(descriptor, &found) == 0 else {
            return false
        }
        return UInt64(found.st_dev) == device && UInt64(found.st_ino) == inode
    }
}
