import Foundation
import Recognizer

/// The log of a run, `log.jsonl`: appended to as it goes, and cut where a checkpoint says when a run goes on.
final class RunLog {
    private(set) var records: [RunRecord] = []
    private let path: String
    private let descriptor: Int32
    private(set) var byteCount = 0

    /// - Parameter kept: bytes that belong to the run.
    init(path: String, keeping kept: Int) throws {
        self.path = path
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Self.failure(path, "open") }
        let size = Int(lseek(descriptor, 0, SEEK_END))
        byteCount = min(size, kept)
        guard ftruncate(descriptor, off_t(byteCount)) == 0 else { throw Self.failure(path, "cut") }
        lseek(descriptor, off_t(byteCount), SEEK_SET)
        if byteCount > 0, let text = try? String(contentsOfFile: path, encoding: .utf8) {
            records = text.split(separator: "\n").compactMap { RunRecord(line: String($0)) }
        }
    }

    deinit { close(descriptor) }

    func append(_ record: RunRecord) throws {
        var rest = Array(try record.line().utf8)[...]
        records.append(record)
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                throw Self.failure(path, "write")
            }
            byteCount += count
            rest = rest.dropFirst(count)
        }
    }

    /// Makes sure that what was appended outlasts a loss of power.
    func flush() { fsync(descriptor) }

    private static func failure(_ path: String, _ operation: String) -> RecognizerError {
        .io(path: path, operation: operation, reason: String(cString: strerror(errno)))
    }
}
