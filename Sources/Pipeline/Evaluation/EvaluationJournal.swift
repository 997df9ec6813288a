import Foundation
import Recognizer

/// What an unfinished evaluation has found so far, clip by clip, in a file that only ever grows.
///
/// A line of JSON says which evaluation it is; each record behind it is a clip's features with a checksum. A record that was
/// cut off, by a kill or a full disk, is dropped when the file is opened again. Clips that could not be read have no record:
/// they are tried again.
///
/// `@unchecked Sendable`: used by one thread at a time, as `EvaluationRun` does.
package final class EvaluationJournal: @unchecked Sendable {
    /// What the file's first line says.
    private struct Header: Codable {
        var format: String
        var record: EvaluationRecord
        /// `0/1`, or the part of the list.
        var part: String
        var clips: Int
        var views: Int
        var width: Int
    }

    private static let format = "claverd evaluation 1"
    private static let headerLimit = 1 << 20
    /// The clip's place in the list and milliseconds since the record before: two 32-bit integers, little-endian.
    private static let headBytes = 8
    private static let checksumBytes = 8

    package let path: String
    /// Seconds that the clips on file took.
    package private(set) var seconds = 0.0
    private let descriptor: Int32
    private let recordBytes: Int

    /// Starts a journal, or continues the one that is there.
    ///
    /// - Parameters:
    ///   - part: which part of the list, `0/2`.
    ///   - store: what is on file is put into it.
    /// - Throws: `EvaluationError.different` if the file's evaluation is another one.
    package init(path: String, record: EvaluationRecord, part: String, into store: FeatureStore) throws(EvaluationError)
    {
        self.path = path
        recordBytes = Self.headBytes + store.views * store.width * 4 + Self.checksumBytes
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_APPEND, 0o644)
        guard descriptor >= 0 else { throw Self.failure(path, "open") }
        let header = Header(
            format: Self.format, record: record, part: part, clips: store.outcomes.count, views: store.views,
            width: store.width)
        let size = lseek(descriptor, 0, SEEK_END)
        if size > 0 {
            let end = try replay(expected: header, into: store)
            guard ftruncate(descriptor, off_t(end)) == 0 else { throw Self.failure(path, "cut") }
        } else {
            guard let line = try? JSONEncoder().encode(header) else {
                throw .malformed(path: path, reason: "its record cannot be written as JSON")
            }
            try append(Array(line) + [0x0A])
        }
    }

    deinit { close(descriptor) }

    /// Writes down a clip's features, (views, E).
    ///
    /// - Parameter seconds: of wall-clock time since the record before.
    package func append(_ features: UnsafeBufferPointer<Float>, of clip: Int, seconds: Double) throws(EvaluationError) {
        var record: [UInt8] = []
        record.reserveCapacity(recordBytes)
        let milliseconds = UInt32(min(max(seconds * 1000, 0), 4e9).rounded())
        for number in [UInt32(clip), milliseconds] {
            withUnsafeBytes(of: number.littleEndian) { record.append(contentsOf: $0) }
        }
        record.append(contentsOf: UnsafeRawBufferPointer(features))
        record.append(contentsOf: Self.checksum(record))
        try append(record)
    }

    /// Makes sure that what was appended outlasts a loss of power.
    package func flush() { fsync(descriptor) }

    /// Deletes the file: the evaluation is complete.
    package func discard() { unlink(path) }

    private func append(_ bytes: [UInt8]) throws(EvaluationError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                throw Self.failure(path, "write")
            }
            rest = rest.dropFirst(count)
        }
    }

    /// Whether a file is the state of an evaluation, whichever.
    package static func isJournal(_ path: String) -> Bool {
        guard let file = try? MappedFile(path) else { return false }
        return header(file.bytes) != nil
    }

    /// The file's first line, and where it ends.
    private static func header(_ bytes: UnsafeRawBufferPointer) -> (Header, end: Int)? {
        guard let end = bytes.prefix(headerLimit).firstIndex(of: 0x0A),
            let header = try? JSONDecoder().decode(Header.self, from: Data(bytes[..<end])), header.format == format
        else { return nil }
        return (header, end)
    }

    /// Puts every whole record into `store` and returns where the last one ends.
    private func replay(expected: Header, into store: FeatureStore) throws(EvaluationError) -> Int {
        let file: MappedFile
        do {
            file = try MappedFile(path)
        } catch {
            throw .malformed(path: path, reason: "\(error)")
        }
        let bytes = file.bytes
        guard let (header, lineEnd) = Self.header(bytes) else {
            throw .malformed(path: path, reason: "not the state of an evaluation")
        }
        var differences = expected.record.differences(from: header.record)
        if header.part != expected.part { differences.append("part: \(header.part) there, \(expected.part) here") }
        guard differences.isEmpty else { throw .different(path: path, differences: differences) }
        guard header.clips == expected.clips, header.views == expected.views, header.width == expected.width else {
            throw .malformed(path: path, reason: "its sizes do not fit what it says of itself")
        }
        var position = lineEnd + 1
        while let end = replayRecord(at: position, of: bytes, into: store) { position = end }
        return position
    }

    /// Nil if no whole record begins here.
    private func replayRecord(at start: Int, of bytes: UnsafeRawBufferPointer, into store: FeatureStore) -> Int? {
        let end = start + recordBytes
        guard end <= bytes.count else { return nil }
        let checked = Array(bytes[start..<end - Self.checksumBytes])
        guard Self.checksum(checked).elementsEqual(bytes[end - Self.checksumBytes..<end]) else { return nil }
        func number(_ offset: Int) -> UInt32 {
            UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: start + offset, as: UInt32.self))
        }
        let clip = Int(number(0))
        guard clip < store.outcomes.count else { return nil }
        let features = [Float](unsafeUninitializedCapacity: store.views * store.width) { out, initialized in
            UnsafeMutableRawBufferPointer(out).copyBytes(from: checked[Self.headBytes...])
            initialized = store.views * store.width
        }
        features.withUnsafeBufferPointer { store.keep($0, of: clip) }
        seconds += Double(number(4)) / 1000
        return end
    }

    private static func checksum(_ bytes: [UInt8]) -> ArraySlice<UInt8> {
        var hash = SHA256()
        bytes.withUnsafeBytes { hash.update($0) }
        return hash.finalize().prefix(checksumBytes)
    }

    private static func failure(_ path: String, _ operation: String) -> EvaluationError {
        .io(path: path, operation: operation, reason: String(cString: strerror(errno)))
    }
}
