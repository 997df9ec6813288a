import Foundation

/// The process's standard error. What it does not take, because the disk is full or the terminal is gone, is lost: no work ends
/// for want of a reader.
enum StandardError {
    static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    static func write(_ text: String) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Foundation.write(STDERR_FILENO, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                return
            }
            rest = rest.dropFirst(count)
        }
    }

    /// A line that begins with the program's name.
    static func tell(_ line: String) { write("claverd: \(line)\n") }

    /// Puts a line in place of the terminal's last one, as much of it as fits: what wraps could not be taken back.
    static func show(_ line: String) { write("\r\u{1B}[K\(line.prefix(columns - 1))") }

    /// Takes back what `show` put there.
    static func clearLine() { write("\r\u{1B}[K") }

    /// Of the terminal; 80 where it does not say.
    private static var columns: Int {
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 1 else { return 80 }
        return Int(size.ws_col)
    }
}
