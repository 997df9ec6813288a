import Glibc

/// Makes a thread that waits in `poll` look up. Safe from any thread: both descriptors never change until the end.
final class WakePipe: Sendable {
    /// The end to poll.
    let reading: Int32
    private let writing: Int32

    /// Throws `PluginError` if the process may open no more descriptors.
    init() throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            throw PluginError.file(path: "a pipe", operation: "open", reason: systemErrorText())
        }
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        (reading, writing) = (ends[0], ends[1])
    }

    deinit {
        close(reading)
        close(writing)
    }

    /// A full pipe is fine: the other side has not looked yet.
    func wake() {
        var byte: UInt8 = 1
        _ = write(writing, &byte, 1)
    }

    func clear() {
        var bytes = [UInt8](repeating: 0, count: 256)
        while read(reading, &bytes, bytes.count) > 0 {}
    }
}
