/// The byte-pair merges of a tokenizer, in the forms in which they are published.
package enum MergesFile {
    /// 256 bytes, the same at the end of a word, and two marks: the tokens there are without any merge.
    package static let byteVocabulary = 514
    private static let byteLimit = 64 << 20

    /// Reads the merges that a vocabulary needs, checked pair by pair: a text of `left right` lines (see `MergeList`),
    /// plain or gzip, or a `tokenizer.json` of Hugging Face.
    package static func read(_ path: String, vocabulary: Int) throws(RecognizerError) -> MergeList {
        let file = try MappedFile(path)
        var bytes: [UInt8]
        if file.bytes.starts(with: [0x1F, 0x8B]) {
            bytes = try inflate(file.bytes, path: path)
        } else {
            guard file.bytes.count <= byteLimit else {
                throw .malformed(path: path, reason: "\(file.bytes.count) bytes, at most \(byteLimit) are read")
            }
            bytes = Array(file.bytes)
        }
        if bytes.first == UInt8(ascii: "{") { bytes = Array(try tokenizer(bytes, path: path).utf8) }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .malformed(path: path, reason: "not UTF-8")
        }
        let merges = try MergeList(text: text, path: path, vocabularySize: vocabulary)
        _ = try Tokenizer(merges: merges)
        return merges
    }

    /// `model.merges` of a `tokenizer.json`: strings `"a b"`, or pairs `["a", "b"]` in newer ones.
    ///
    /// - Returns: the same as lines.
    private static func tokenizer(_ bytes: [UInt8], path: String) throws(RecognizerError) -> String {
        let owner = HeapBytes(count: bytes.count) { $0.copyBytes(from: bytes) }
        let document = try JSONParser.parse(owner.bytes, path: path)
        guard let list = document.object?["model"]?.object?["merges"]?.array else {
            throw .malformed(path: path, reason: "no list model.merges in it")
        }
        var lines = ""
        for element in list {
            guard let pair = element.string ?? element.strings?.joined(separator: " "), !pair.contains("\n") else {
                throw .malformed(path: path, reason: "an element of model.merges is no pair of tokens")
            }
            lines += pair + "\n"
        }
        return lines
    }

    private static func inflate(
        _ bytes: UnsafeRawBufferPointer, path: String
    ) throws(RecognizerError) -> [UInt8] {
        do {
            return try Zlib.inflated(bytes, limit: byteLimit)
        } catch {
            let reason =
                switch error {
                case .damaged: "gzip data that cannot be unpacked: damaged"
                case .tooLong: "unpacks to more than \(byteLimit) bytes"
                }
            throw .malformed(path: path, reason: reason)
        }
    }
}
