import CKernels

/// Writes safetensors files: header padded to 8 bytes, widest elements first so that every tensor is aligned.
package enum SafetensorsWriter {
    /// What was written, and what `ModelDirectory` later compares with.
    package struct Receipt: Sendable, Equatable {
        /// SHA-256 of the whole file, hexadecimal; of a sealed one before its seal was put in.
        package let digest: String
        package let byteCount: Int
        /// SHA-256 of the length field and the header, hexadecimal.
        package let headerDigest: String
    }

    private static let chunkElements = 1 << 18

    /// Writes `state` to `path` through a temporary file beside it, flushed to the disk and renamed: a reader sees the
    /// old file or the new one, never a part. Tensors stream from where they lie.
    ///
    /// - Parameters:
    ///   - type: converts every floating-point tensor to this type: float32, float16 or bfloat16; `nil` keeps what is
    ///     stored.
    ///   - isSealed: puts a digest into the file that tells damage, see `SafetensorsSeal`.
    @discardableResult
    package static func write(
        _ state: StateDict, to path: String, as type: ElementType? = nil, isSealed: Bool = false
    ) throws(RecognizerError) -> Receipt {
        precondition(type == nil || type == .float32 || type == .float16 || type == .bfloat16)
        let entries = layout(state, as: type)
        var metadata = state.metadata
        if isSealed { metadata[SafetensorsSeal.key] = SafetensorsSeal.blank }
        let header = header(entries, metadata: metadata)
        let seal = isSealed ? header.withUnsafeBytes { SafetensorsSeal.place(in: $0) } : nil
        let file = try ReplacementFile(path)
        var hash = SHA256()
        let headerDigest = header.withUnsafeBytes { bytes in
            hash.update(bytes)
            return SHA256.hex(of: bytes)
        }
        try file.write(header, count: header.count)
        for entry in entries {
            try write(entry, to: file, hash: &hash)
            entry.tensor.owner.forget(entry.tensor.range)
        }
        let digest = SHA256.hex(hash.finalize())
        if let seal { try file.overwrite(Array(digest.utf8), at: seal.lowerBound) }
        try file.commit()
        let byteCount = header.count + (entries.last?.range.upperBound ?? 0)
        return Receipt(digest: digest, byteCount: byteCount, headerDigest: headerDigest)
    }

    private struct Entry {
        let name: String
        let tensor: StoredTensor
        let type: ElementType
        /// Bytes from the end of the header.
        let range: Range<Int>
    }

    private static func layout(_ state: StateDict, as type: ElementType?) -> [Entry] {
        func target(_ tensor: StoredTensor) -> ElementType {
            switch tensor.type {
            case .float32, .float16, .bfloat16, .float64: type ?? tensor.type
            case .int64, .int32, .int16, .int8, .uint8, .bool: tensor.type
            }
        }
        var position = 0
        return state.tensors.map { (name: $0.key, tensor: $0.value, type: target($0.value)) }
            .sorted { ($1.type.byteCount, $0.name) < ($0.type.byteCount, $1.name) }
            .map { name, tensor, type in
                let count = tensor.elementCount * type.byteCount
                defer { position += count }
                return Entry(name: name, tensor: tensor, type: type, range: position..<position + count)
            }
    }

    /// The length field and the JSON text, padded with spaces.
    private static func header(_ entries: [Entry], metadata: [String: String]) -> [UInt8] {
        var members: [String] = []
        if !metadata.isEmpty {
            let pairs = metadata.sorted { $0.key < $1.key }.map {
                JSONText.quote($0.key) + ":" + JSONText.quote($0.value)
            }
            members.append("\"__metadata__\":{" + pairs.joined(separator: ",") + "}")
        }
        for entry in entries {
            let shape = entry.tensor.shape.map(String.init).joined(separator: ",")
            members.append(
                JSONText.quote(entry.name) + ":{\"dtype\":\"\(entry.type.rawValue)\",\"shape\":[\(shape)],"
                    + "\"data_offsets\":[\(entry.range.lowerBound),\(entry.range.upperBound)]}")
        }
        var text = Array(("{" + members.joined(separator: ",") + "}").utf8)
        while !text.count.isMultiple(of: 8) { text.append(0x20) }
        return withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) } + text
    }

    private static func write(
        _ entry: Entry, to file: ReplacementFile, hash: inout SHA256
    ) throws(RecognizerError) {
        let tensor = entry.tensor
        guard entry.type != tensor.type else {
            // In pieces, so that the pages hashed are still in the processor's cache when they are written.
            let bytes = tensor.bytes
            for start in stride(from: 0, to: bytes.count, by: chunkElements) {
                let piece = UnsafeRawBufferPointer(rebasing: bytes[start..<min(start + chunkElements, bytes.count)])
                hash.update(piece)
                try file.write(piece)
            }
            return
        }
        var floats = [Float](repeating: 0, count: min(chunkElements, tensor.elementCount))
        var halves = [UInt16](repeating: 0, count: entry.type == .float32 ? 0 : floats.count)
        let width = tensor.type.byteCount
        for start in stride(from: 0, to: tensor.elementCount, by: chunkElements) {
            let count = min(chunkElements, tensor.elementCount - start)
            let first = tensor.range.lowerBound + start * width
            let piece = StoredTensor(
                type: tensor.type, shape: [count], owner: tensor.owner, range: first..<first + count * width)
            floats.withUnsafeMutableBufferPointer { if let base = $0.baseAddress { piece.copyFloats(into: base) } }
            switch entry.type {
            case .float16: ckernels_f32_to_f16(&halves, floats, count)
            case .bfloat16: ckernels_f32_to_bf16(&halves, floats, count)
            default: break
            }
            if entry.type == .float32 {
                floats.withUnsafeBytes { hash.update(UnsafeRawBufferPointer(rebasing: $0.prefix(count * 4))) }
                try file.write(floats, count: count)
            } else {
                halves.withUnsafeBytes { hash.update(UnsafeRawBufferPointer(rebasing: $0.prefix(count * 2))) }
                try file.write(halves, count: count)
            }
        }
    }
}
