import Foundation
import Recognizer
import Testing

/// Golden checkpoints, and a folder of its own for what a test writes.
enum CheckpointFiles {
    static let golden = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../Golden/checkpoints").standardizedFileURL.path

    @discardableResult
    static func withFolder<Outcome>(_ body: (String) throws -> Outcome) throws -> Outcome {
        let folder = FileManager.default.temporaryDirectory.appending(path: "claverd-test-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        return try body(folder)
    }

    /// Reads `bytes` as a checkpoint file.
    @discardableResult
    static func read(_ bytes: [UInt8]) throws -> StateDict {
        try withFolder { folder in
            let path = folder + "/file"
            try Data(bytes).write(to: URL(filePath: path))
            return try CheckpointReader.read(path)
        }
    }

    /// Expects that `bytes` are refused with a reason that holds `reason`.
    static func expectRefused(
        _ bytes: [UInt8], _ reason: String, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        do {
            let state = try read(bytes)
            Issue.record("read \(state.tensors.count) tensors", sourceLocation: sourceLocation)
        } catch {
            #expect("\(error)".contains(reason), "\(error)", sourceLocation: sourceLocation)
        }
    }
}

/// Little-endian bytes of an integer.
func little<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
}
