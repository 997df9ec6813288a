import Foundation
import Recognizer

/// A list of video files: a line for each, alone or with class ids behind it as in a `ClipList`.
package enum VideoList {
    /// The files' paths.
    ///
    /// - Parameter folder: where relative names start.
    /// - Throws: `DatasetError` for a line whose file is not there.
    package static func read(_ path: String, folder: String) throws(DatasetError) -> [String] {
        let text: String
        do {
            text = try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            throw .io(path: path, operation: .open, reason: "it is not there, or not UTF-8")
        }
        var files: [String] = []
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let line = line.trimmingCharacters(in: .whitespaces)
            guard !line.isEmpty else { continue }
            let names = [line, line.replacing(/[ \t]+[0-9][0-9, \t]*$/, with: "")]
            let base = URL(filePath: folder, directoryHint: .isDirectory)
            let candidates = names.map { URL(filePath: $0, relativeTo: base).path }
            guard let file = candidates.first(where: { FileManager.default.fileExists(atPath: $0) }) else {
                throw .malformed(
                    path: path, line: index + 1,
                    reason: "there is no file \"\(candidates[1].escapedForLog)\"; a line is a file, "
                        + "or a file and its class")
            }
            files.append(file)
        }
        guard !files.isEmpty else { throw .malformed(path: path, line: nil, reason: "no videos; a line is a file") }
        return files
    }
}
