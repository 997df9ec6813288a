import Glibc

/// What happens when a weights file is cut short while it is mapped: the next touch of a missing page raises SIGBUS.
enum MappedFileFault {
    /// Ends the process with status 74 and a line on standard error instead of a core dump. Set once, before files are
    /// mapped; the handler does only what a signal handler may.
    static func exitOnTruncation() {
        signal(SIGBUS) { _ in
            let line: StaticString = "claverd: a mapped file was cut short while it was read\n"
            _ = write(STDERR_FILENO, line.utf8Start, line.utf8CodeUnitCount)
            _exit(74)
        }
    }
}
