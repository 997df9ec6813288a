import Foundation
import Pipeline
import Recognizer

/// A folder in which a command leaves files when its work is done.
enum OutputFolder {
    /// Finds out before the work whether the files can be written there. Makes nothing.
    ///
    /// - Parameters:
    ///   - option: names the folder in messages.
    ///   - files: names of files in it.
    ///   - inputs: what is read, which no file must take the place of.
    /// - Throws: `CommandFailure`.
    static func check(_ path: String, option: String, files: [String], inputs: [String]) throws {
        func refuse(_ reason: String) -> CommandFailure {
            CommandFailure(.cannotCreate, "\(option) \(path.escapedForLog): \(reason)")
        }
        guard !path.isEmpty else { throw refuse("expected the name of a folder") }
        var status = stat()
        guard stat(path, &status) == 0 else {
            // What is there of the way to it must be a folder in which the rest can be made; a link to nothing is none.
            var above = URL(filePath: path).standardizedFileURL
            while lstat(above.path, &status) != 0, above.path != "/" { above.deleteLastPathComponent() }
            guard access(above.path + "/.", W_OK | X_OK) == 0 else {
                throw refuse("\(above.path.escapedForLog): \(String(cString: strerror(errno)))")
            }
            return
        }
        guard status.st_mode & S_IFMT == S_IFDIR else { throw refuse("it exists and is no folder") }
        for file in files { try OutputFile.check(path + "/" + file, option: option, inputs: inputs) }
    }

    /// Makes the folder where it is missing.
    static func make(_ path: String) throws {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw CommandFailure(.cannotCreate, "\(path.escapedForLog): \(error.systemReason)")
        }
    }

    /// Writes files of these names, over older ones.
    static func write(_ files: [(name: String, text: String)], to path: String) throws {
        try make(path)
        for file in files { try ReplacementFile.write(file.text, to: OutputFile.target(of: path + "/" + file.name)) }
    }
}
