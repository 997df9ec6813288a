import Foundation

extension Tokenizer {
    /// The tokenizer of a model: of its merges, or of bytes where it has none.
    package init(directory: ModelDirectory) throws(RecognizerError) {
        guard let merges = directory.mergesPath else {
            self = .bytes
            return
        }
        let text: String
        do {
            text = try String(contentsOfFile: merges, encoding: .utf8)
        } catch {
            throw .io(path: merges, operation: "read", reason: error.localizedDescription)
        }
        try self.init(merges: text, path: merges, vocabularySize: directory.config.geometry.vocabularySize)
    }
}
