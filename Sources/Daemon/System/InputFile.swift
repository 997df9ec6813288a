import Foundation
import Pipeline

/// A file that a command is told to read.
enum InputFile {
    /// Throws `CommandFailure` for a file that cannot be opened.
    static func check(_ path: String) throws {
        guard access(path, R_OK) == 0 else {
            throw CommandFailure(
                .noInput, "\(path.escapedForLog) cannot be opened: \(String(cString: strerror(errno)))")
        }
    }
}
