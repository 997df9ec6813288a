import Foundation
import Pipeline
import Recognizer

/// The directory that prompts are written to, and what it says about where they come from.
final class PromptFolder {
    /// What `prompts.json` holds.
    struct Record: Codable, Equatable {
        /// One use of the command that had something to ask.
        struct Run: Codable, Equatable {
            let version: String
            let started: Date
            let endpoint: String
            let llm: String
            let temperature: Double
            let topP: Double
            let perClass: Int
            /// The model that texts were counted for, and its limit.
            let model: String
            let contextLength: Int
            let families: [InterpretiveFamily]

            enum CodingKeys: String, CodingKey {
                case version, started, endpoint, llm, temperature, model, families
                case topP = "top_p"
                case perClass = "per_class"
                case contextLength = "context_length"
            }
        }

        /// Of the class names, in order; ids in the files mean these.
        let labelsSHA256: String
        let classes: Int
        var runs: [Run]

        enum CodingKeys: String, CodingKey {
            case classes, runs
            case labelsSHA256 = "labels_sha256"
        }
    }

    let path: String
    private(set) var record: Record
    private let labels: [String]
    /// Held for as long as the process writes here.
    private var lock: CInt?

    private static let recordName = "prompts.json"

    /// Reads the record, if there is one; writes nothing. Throws `CommandFailure` if it is about other classes.
    init(_ path: String, labels: [String]) throws(CommandFailure) {
        self.path = path
        self.labels = labels
        let digest = Self.digest(labels)
        record = Record(labelsSHA256: digest, classes: labels.count, runs: [])
        var isDirectory: ObjCBool = false
        if FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), !isDirectory.boolValue {
            throw CommandFailure(.cannotCreate, "--output \(path): not a directory")
        }
        let file = path + "/" + Self.recordName
        guard let data = FileManager.default.contents(atPath: file) else { return }
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        do {
            record = try decoder.decode(Record.self, from: data)
        } catch {
            throw CommandFailure(.dataError, "\(file): not the record of a run; choose another --output")
        }
        guard record.labelsSHA256 == digest else {
            throw CommandFailure(
                .dataError,
                "\(path): its texts are for other classes (\(record.classes), these are \(labels.count), or their names or order"
                    + " differ); choose another --output")
        }
    }

    deinit { if let lock { close(lock) } }

    /// Makes the directory and keeps other runs out of it.
    func claim() throws(CommandFailure) {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw CommandFailure(.cannotCreate, "--output \(path): \(error.systemReason)")
        }
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw CommandFailure(.cannotCreate, "--output \(path): \(String(cString: strerror(errno)))")
        }
        lock = descriptor
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw CommandFailure(.tempFail, "\(path): another claverd is writing prompts there")
        }
    }

    func add(_ run: Record.Run) throws {
        record.runs.append(run)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        try ReplacementFile.write(
            String(decoding: try encoder.encode(record), as: UTF8.self) + "\n", to: path + "/" + Self.recordName)
    }

    private static func digest(_ labels: [String]) -> String {
        var hash = SHA256()
        for (id, label) in labels.enumerated() { hash.update("\(id) \(label.utf8.count) \(label)\n") }
        return SHA256.hex(hash.finalize())
    }
}
