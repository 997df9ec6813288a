import Foundation
import Pipeline

/// A file that a command writes when its work is done.
enum OutputFile {
    /// Finds out before the work whether the file can be written.
    ///
    /// - Parameters:
    ///   - option: names the file in messages.
    ///   - inputs: what is read, which the file must not take the place of.
    /// - Throws: `CommandFailure`.
    static func check(_ path: String, option: String, inputs: [String]) throws {
        func refuse(_ reason: String, _ status: ExitStatus = .cannotCreate) -> CommandFailure {
            CommandFailure(status, "\(option) \(path.escapedForLog): \(reason)")
        }
        guard !path.isEmpty, !path.hasSuffix("/") else { throw refuse("expected the name of a file") }
        let target = target(of: path)
        var found = stat()
        if stat(target, &found) == 0 {
            guard found.st_mode & S_IFMT == S_IFREG else { throw refuse("not a regular file") }
            for input in inputs {
                var read = stat()
                if stat(input, &read) == 0, found.st_dev == read.st_dev, found.st_ino == read.st_ino {
                    throw refuse("would be replaced, but is to be read", .usage)
                }
            }
        }
        let folder = URL(filePath: target).deletingLastPathComponent().path
        guard access(folder, W_OK | X_OK) == 0 else {
            throw refuse("\(folder): \(String(cString: strerror(errno)))")
        }
    }

    /// Whether a path leads to a file.
    static func isRegular(_ path: String) -> Bool {
        var found = stat()
        return stat(path, &found) == 0 && found.st_mode & S_IFMT == S_IFREG
    }

    /// Whether nothing would be lost with the file.
    static func isEmpty(_ path: String) -> Bool {
        var found = stat()
        return stat(path, &found) != 0 || found.st_size == 0
    }

    /// The files of a model, by its directory or its name on the model path; none where there is no such model.
    static func modelFiles(_ model: String) -> [String] {
        guard let directory = try? ModelPath.fromHere(model) else { return [] }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        return names.map { directory + "/" + $0 }
    }

    /// Where a link to a file leads: it stays a link.
    static func target(of path: String) -> String { URL(filePath: path).resolvingSymlinksInPath().path }
}
