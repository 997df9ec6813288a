import Foundation
import Pipeline
import Recognizer

/// The folder of a training run: what lies where, and that only one process writes there.
final class RunFolder {
    let path: String
    /// Why nothing keeps another process out; nil where the lock does.
    let unlocked: String?
    /// Whether updates were done there; what was only prepared may be begun anew.
    private let hasBegun: Bool
    private let lock: Int32

    /// The first line of a recipe that a run wrote, which tells it from one that a person put there.
    static let mark = "# Written by claverd train: every setting of the run in this folder.\n"

    var recipe: String { path + "/recipe.yaml" }
    var log: String { path + "/log.jsonl" }
    var page: String { path + "/curve.html" }
    var checkpoint: String { path + "/checkpoint.safetensors" }
    var features: String { path + "/features.bf16" }
    /// Model directories: as of the last epoch, and of the best one.
    var last: String { path + "/last" }
    var best: String { path + "/best" }

    /// Makes the folder where it is missing.
    ///
    /// - Parameter resumes: whether a run that is there already may go on.
    /// - Throws: `CommandFailure` if it cannot be written, another process trains there, or it holds a run or anything else that
    ///   is not to be continued.
    init(_ path: String, resumes: Bool) throws {
        self.path = path
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw CommandFailure(.cannotCreate, "--output \(path): \(error.systemReason)")
        }
        guard access(path, W_OK) == 0 else {
            throw CommandFailure(.cannotCreate, "--output \(path): \(String(cString: strerror(errno)))")
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: path)
        let isEmpty = names.allSatisfy { $0.hasPrefix(".") || $0.hasPrefix("recipe.yaml.partial") }
        guard isEmpty || Self.holdsRun(path, names) else {
            throw CommandFailure(
                .cannotCreate, "--output \(path) exists and is no folder of a run; say a new one, or an empty one")
        }
        hasBegun = Self.hasBegun(path, names)
        guard resumes || !hasBegun else {
            throw CommandFailure(
                .cannotCreate,
                names.contains("checkpoint.safetensors")
                    ? "--output \(path) holds a run; --resume auto continues it, or remove it to begin anew"
                    : Self.lostCheckpoint(path))
        }
        lock = open(path + "/.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard lock >= 0 else {
            throw CommandFailure(.cannotCreate, "\(path)/.lock: \(String(cString: strerror(errno)))")
        }
        unlocked = try Self.take(lock, path)
        // What a killed process had begun to write.
        let own = [recipe, page, checkpoint, last, best].map { URL(filePath: $0).lastPathComponent + ".partial" }
        for name in names where own.contains(where: name.hasPrefix) {
            try? FileManager.default.removeItem(atPath: "\(path)/\(name)")
        }
        for model in [last, best] {
            for name in (try? FileManager.default.contentsOfDirectory(atPath: model)) ?? []
            where name.contains(".partial") {
                try? FileManager.default.removeItem(atPath: "\(model)/\(name)")
            }
        }
    }

    /// Whether a run began there. A recipe alone need not be one's.
    private static func holdsRun(_ path: String, _ names: [String]) -> Bool {
        if names.contains("checkpoint.safetensors") || names.contains("log.jsonl") { return true }
        return (try? String(contentsOfFile: path + "/recipe.yaml", encoding: .utf8))?.hasPrefix(mark) == true
    }

    private static func hasBegun(_ path: String, _ names: [String]) -> Bool {
        if names.contains("checkpoint.safetensors") || names.contains("best") { return true }
        let log = (try? String(contentsOfFile: path + "/log.jsonl", encoding: .utf8)) ?? ""
        return log.split(separator: "\n").contains { line in
            switch RunRecord(line: String(line)) {
            case .update, .epoch, .skipped: true
            case .begin, .unreadable, nil: false
            }
        }
    }

    /// Locks the file; on a file system without locks says so.
    private static func take(_ lock: Int32, _ path: String) throws -> String? {
        guard flock(lock, LOCK_EX | LOCK_NB) != 0 else { return nil }
        let reason = String(cString: strerror(errno))
        switch errno {
        case ENOSYS, ENOTSUP, ENOLCK:
            return "\(path)/.lock: \(reason): nothing keeps another process from training there, too"
        case EWOULDBLOCK: throw CommandFailure(.cannotCreate, "--output \(path): another process trains there")
        default: throw CommandFailure(.cannotCreate, "\(path)/.lock: \(reason)")
        }
    }

    deinit { if lock >= 0 { close(lock) } }

    var hasCheckpoint: Bool { FileManager.default.fileExists(atPath: checkpoint) }

    private static func lostCheckpoint(_ path: String) -> String {
        "--output \(path) holds models but no checkpoint to go on from; say another folder, or remove it"
    }

    /// Removes what a run left that never came to a checkpoint; the recipe stays, to be replaced.
    ///
    /// - Throws: `CommandFailure` if the run did updates: its models are worth more than a beginning in their place.
    func clear() throws {
        guard !hasBegun else {
            throw CommandFailure(.cannotCreate, Self.lostCheckpoint(path))
        }
        for path in [log, page, last] { try? FileManager.default.removeItem(atPath: path) }
    }
}
