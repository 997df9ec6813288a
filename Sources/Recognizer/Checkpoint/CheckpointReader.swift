/// Reads weights from any of the formats they are published in, told apart by content, never by file name.
package enum CheckpointReader {
    /// Reads `path` as data. Tensors stay where they are in the mapped file wherever the format allows.
    ///
    /// Safetensors, PyTorch archives, the PyTorch format before 1.6 and TorchScript archives are accepted. In a training
    /// bundle the state under `model`, `state_dict` or `model_state_dict` is taken, and plain settings beside it become
    /// metadata (`config.MODEL.MASK_MODE`).
    package static func read(_ path: String) throws(RecognizerError) -> StateDict {
        try read(try MappedFile(path), path: path)
    }

    static func read(_ owner: any ByteOwner, path: String) throws(RecognizerError) -> StateDict {
        let bytes = owner.bytes
        func begins(_ prefix: [UInt8]) -> Bool { bytes.starts(with: prefix) }
        if bytes.isEmpty { throw .malformed(path: path, reason: "the file is empty") }
        // First, because a header length may begin with any byte.
        if bytes.count > 8, bytes[8] == UInt8(ascii: "{"), !begins(TorchFile.legacyMagic) {
            return try Safetensors.read(owner, path: path)
        }
        if begins([0x50, 0x4B, 0x03, 0x04]) || begins([0x50, 0x4B, 0x05, 0x06]) {
            return try TorchFile.readArchive(owner, path: path)
        }
        if begins(TorchFile.legacyMagic) { return try TorchFile.readLegacy(owner, path: path) }
        if begins([0x80]) {
            // Read first: a name outside the allow-list is the more telling refusal.
            _ = try PickleReader.read(bytes, path: path)
            throw .malformed(path: path, reason: "a bare pickle, accepted are files of torch.save")
        }
        if let foreign = foreignFormat(bytes) {
            throw .malformed(path: path, reason: "\(foreign); accepted are safetensors and PyTorch checkpoints")
        }
        throw .malformed(
            path: path, reason: "no weights format that is known; accepted are safetensors and PyTorch checkpoints")
    }

    /// A name for a file that is certainly something else.
    private static func foreignFormat(_ bytes: UnsafeRawBufferPointer) -> String? {
        let text = String(decoding: bytes.prefix(512), as: UTF8.self)
        let start = text.drop { $0.isWhitespace }.prefix(64).lowercased()
        if start.hasPrefix("<") { return "a web page or XML, not weights: was the download an error page?" }
        if start.hasPrefix("version https://git-lfs") {
            return "a Git LFS pointer; fetch the file itself with git lfs pull"
        }
        if start.hasPrefix("{") { return "a JSON text" }
        if bytes.count > 262, bytes[257..<262].elementsEqual("ustar".utf8) {
            return "a tar archive, as PyTorch before 0.1.10 wrote; load and save it again with a newer PyTorch"
        }
        if bytes.starts(with: [0x1F, 0x8B]) { return "a gzip file; unpack it first" }
        if bytes.starts(with: [0x89, 0x48, 0x44, 0x46]) { return "an HDF5 file" }
        if bytes.starts(with: "GGUF".utf8) { return "a GGUF file" }
        if bytes.starts(with: [0x93] + Array("NUMPY".utf8)) { return "a NumPy array" }
        // An ONNX model is a protocol buffer: field 1 (version, one small byte), then the producer's name or the graph.
        if bytes.count > 3, bytes[0] == 0x08, bytes[1] < 32, bytes[2] == 0x12 || bytes[2] == 0x3A {
            return "an ONNX model"
        }
        return nil
    }
}
