import Foundation

/// The process's standard output, which `print` writes to.
enum StandardOutput {
    /// Puts something in the place of standard streams that the caller has closed: otherwise the first file that is opened would
    /// get what is printed. Writing to it fails, as it would have.
    static func open() {
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) == -1 {
            _ = Foundation.open("/dev/null", O_RDONLY)
        }
    }

    /// - Throws: `CommandFailure` if what was printed did not arrive. A reader who has had enough is none.
    static func finish() throws {
        guard fflush(nil) != 0 else { return }
        let reason = String(cString: strerror(errno))
        var output = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
        if poll(&output, 1, 0) == 1, output.revents & Int16(POLLERR) != 0 { return }
        throw CommandFailure(.ioError, "standard output: \(reason)")
    }
}
