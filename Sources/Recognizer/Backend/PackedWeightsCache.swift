import CKernels
import Foundation

/// Packed weights on disk, mapped at the next start instead of being packed again.
///
/// A file's name is a digest of the weights, and of library, processor and precision that they are packed for. A file that
/// cannot be read or is damaged is made anew. Each is as large as the packed model, so only the latest few stay.
///
///     claverd packed weights 1\n
///     key KEY\n
///     NAME OFFSET BYTES CHECKSUM\n      a line for each layer; offsets from the file's beginning, multiples of 64
///     end\n                             then the layers
package struct PackedWeightsCache: Sendable {
    private static let title = "claverd packed weights 1"
    private static let filesKept = 4

    private let directory: String
    private let report: @Sendable (String) -> Void

    /// - Parameters:
    ///   - directory: made when the first weights are stored.
    ///   - report: told, in a line each, what is worth knowing about the files.
    package init(directory: String, report: @escaping @Sendable (String) -> Void = { _ in }) {
        self.directory = directory
        self.report = report
    }

    private func path(_ key: String) -> String { "\(directory)/packed-\(key.prefix(32)).weights" }

    /// What is stored for some weights; empty if nothing is.
    func open(weightsDigest: String, packing: String) -> PackedWeights {
        var hash = SHA256()
        hash.update("\(weightsDigest) \(packing)")
        let key = SHA256.hex(hash.finalize())
        let path = path(key)
        guard FileTree.exists(path) else { return PackedWeights(key: key, found: [:]) }
        guard let file = try? MappedFile(path), let found = Self.layers(of: file, key: key) else {
            report("\(path) is damaged, weights are packed anew")
            return PackedWeights(key: key, found: [:])
        }
        return PackedWeights(key: key, found: found)
    }

    /// Stores what was packed. A full or read-only disk is no reason to stop: the weights are packed again next time.
    func save(_ weights: PackedWeights) {
        guard let layers = weights.toSave else { return }
        do {
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            let path = path(weights.key)
            try Self.write(layers, key: weights.key, to: path)
            removeOldest(except: path)
            report("packed weights are kept in \(path)")
        } catch {
            let reason = (error as? RecognizerError)?.description ?? error.localizedDescription
            report("packed weights are not kept: \(reason)")
        }
    }

    private static func roundedUp(_ count: Int) -> Int { (count + 63) / 64 * 64 }

    private static func header(_ layers: [(name: String, bytes: PackedBytes)], key: String, from first: Int) -> String {
        var offset = first
        let lines = layers.map { name, packed in
            defer { offset += roundedUp(packed.count) }
            let checksum = ckernels_checksum(packed.pointer, packed.count)
            return "\(name) \(offset) \(packed.count) \(checksum)\n"
        }
        return "\(title)\nkey \(key)\n" + lines.joined() + "end\n"
    }

    private static func write(
        _ layers: [(name: String, bytes: PackedBytes)], key: String, to path: String
    ) throws(RecognizerError) {
        // Offsets have as many digits as they need: the header's length is settled once it no longer grows.
        var first = 0
        var text = header(layers, key: key, from: first)
        while roundedUp(text.utf8.count) != first {
            first = roundedUp(text.utf8.count)
            text = header(layers, key: key, from: first)
        }
        let file = try ReplacementFile(path)
        func write(_ bytes: UnsafeRawBufferPointer) throws(RecognizerError) {
            try file.write(bytes)
            let padding = [UInt8](repeating: 0, count: roundedUp(bytes.count) - bytes.count)
            try file.write(padding, count: padding.count)
        }
        let bytes = HeapBytes(count: text.utf8.count) { $0.copyBytes(from: text.utf8) }
        defer { withExtendedLifetime(bytes) {} }
        try write(bytes.bytes)
        for layer in layers { try write(layer.bytes.bytes) }
        try file.commit()
    }

    /// The layers of a file, or nil if anything about it is not as it was written.
    private static func layers(of file: MappedFile, key: String) -> [String: PackedBytes]? {
        guard let end = file.bytes.firstRange(of: Array("\nend\n".utf8))?.lowerBound,
            let text = String(validating: file.bytes[..<end], as: UTF8.self)
        else { return nil }
        let lines = text.split(separator: "\n")
        guard lines.count >= 2, lines[0] == title, lines[1] == "key \(key)" else { return nil }
        var layers: [String: PackedBytes] = [:]
        for line in lines.dropFirst(2) {
            let fields = line.split(separator: " ")
            guard fields.count == 4, let offset = Int(fields[1]), let count = Int(fields[2]),
                let checksum = UInt64(fields[3]), offset.isMultiple(of: 64),
                let packed = PackedBytes(file, from: offset, count: count),
                ckernels_checksum(packed.pointer, count) == checksum
            else { return nil }
            layers[String(fields[0])] = packed
        }
        return layers
    }

    private func removeOldest(except path: String) {
        let folder = URL(filePath: directory)
        let files =
            (try? FileManager.default.contentsOfDirectory(
                at: folder, includingPropertiesForKeys: [.contentModificationDateKey])) ?? []
        let packed = files.filter { $0.lastPathComponent.hasPrefix("packed-") && $0.pathExtension == "weights" }
            .map { file in
                let date = try? file.resourceValues(forKeys: [.contentModificationDateKey]).contentModificationDate
                return (file: file, date: date ?? .distantPast)
            }
            .filter { $0.file.path != URL(filePath: path).path }
            .sorted { $0.date > $1.date }
        for old in packed.dropFirst(Self.filesKept - 1) { try? FileManager.default.removeItem(at: old.file) }
    }
}
