/// Everything the recogniser can find wrong with what it is given.
///
/// A case carries the facts; `description` is one line that says what was found, where, and what would be accepted.
package enum RecognizerError: Error, Equatable, CustomStringConvertible {
    /// A file could not be opened, read or written.
    case io(path: String, operation: String, reason: String)
    /// A file is not what it should be; nothing of it was used.
    case malformed(path: String, reason: String)
    /// A pickle names a class or function outside the allow-list; nothing was called.
    case unsupportedGlobal(path: String, name: String)
    /// The tensors of a file are not those of a CLAVER or CLIP model.
    case tensorNames(path: String, missing: [String], unexpected: [String])
    case shapeMismatch(tensor: String, expected: [Int], actual: [Int])
    case nonFinite(tensor: String)
    /// A model directory's `config.json` contradicts itself or its weights.
    case configuration(path: String, key: String, reason: String)
    /// A text has more tokens than the model's context, start and end token included.
    case textTooLong(text: String, tokens: Int, limit: Int)
    case emptyText
    /// A template or an action's prompts cannot be used; `text` is the template or the action's label.
    case badPrompt(text: String, reason: String)
    /// The model directory needs a merges file that is not there.
    case mergesMissing(path: String, expectedVocabulary: Int)
    /// A precision that this processor, this build or this model does not have.
    case precision(Precision, reason: String)
    /// A library refused what it was asked for.
    case library(name: String, operation: String, reason: String)

    package var description: String {
        switch self {
        case .io(let path, let operation, let reason):
            "cannot \(operation) \(path): \(reason)"
        case .malformed(let path, let reason):
            "\(path): \(reason)"
        case .unsupportedGlobal(let path, let name):
            "\(path): unsupported global \(name) in the pickle; only tensors and plain data are read, nothing is called"
        case .tensorNames(let path, let missing, let unexpected):
            "\(path): not a CLAVER or CLIP state"
                + (missing.isEmpty ? "" : "; missing \(missing.count): \(Self.listing(missing))")
                + (unexpected.isEmpty ? "" : "; unexpected \(unexpected.count): \(Self.listing(unexpected))")
        case .shapeMismatch(let tensor, let expected, let actual):
            "tensor \(tensor) has shape \(actual), expected \(expected)"
        case .nonFinite(let tensor):
            "tensor \(tensor) holds a value that is not finite"
        case .configuration(let path, let key, let reason):
            "\(path): key \"\(key)\": \(reason)"
        case .textTooLong(let text, let tokens, let limit):
            "text \"\(text)\" has \(tokens) tokens, the model reads at most \(limit)"
        case .emptyText:
            "an action text is empty"
        case .badPrompt(let text, let reason):
            "prompt \"\(text)\": \(reason)"
        case .mergesMissing(let path, let vocabulary):
            "\(path): no merges.txt, but the vocabulary of \(vocabulary) needs one;"
                + " pass --merges FILE (CLIP's bpe_simple_vocab_16e6.txt.gz is in the PyPI wheel open-clip-torch)"
        case .precision(let precision, let reason):
            "precision \(precision.rawValue): \(reason)"
        case .library(let name, let operation, let reason):
            "\(name) cannot \(operation): \(reason)"
        }
    }

    private static func listing(_ names: [String]) -> String {
        let shown = names.prefix(12).joined(separator: ", ")
        return names.count > 12 ? shown + ", and \(names.count - 12) more" : shown
    }
}
