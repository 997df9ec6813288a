/// CLIP's tokenizer: cleaned text, cut into words, each word's UTF-8 bytes merged pair by pair.
///
/// Token ids: 0..<256 a byte inside a word, 256..<512 a byte that ends one, then one id per merge, then the start and the
/// end token. Without merges (`bytes`) a text is its bytes and the vocabulary has 514 tokens.
package struct Tokenizer: Sendable {
    /// Byte-level: CLIP's byte alphabet, no merges, vocabulary 514.
    package static let bytes = Tokenizer(merged: [:], mergeCount: 0, digest: digest(of: []))

    /// 512 byte symbols, the merges, the start and the end token.
    package let vocabularySize: Int
    /// Hexadecimal SHA-256 of the merges; part of the key of whatever is cached about tokens.
    package let digest: String
    /// What a pair of symbols merges into, by `pair`; the lower id is merged first.
    private let merged: [UInt64: Int32]

    private static let startMark = Array("<|startoftext|>".unicodeScalars)
    private static let endMark = Array("<|endoftext|>".unicodeScalars)

    /// Throws `RecognizerError.malformed`, naming the line, if a merge is made of symbols that no earlier line makes.
    package init(merges: MergeList) throws(RecognizerError) {
        var symbols = ByteAlphabet.symbols
        var merged: [UInt64: Int32] = [:]
        merged.reserveCapacity(merges.lines.count)
        for (rank, line) in merges.lines.enumerated() {
            let words = line.utf8.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false).map(Array.init)
            guard words.count == 2, !words[0].isEmpty, !words[1].isEmpty else {
                throw merges.error(rank, "expected two symbols with a space between them")
            }
            guard let first = symbols[words[0]], let second = symbols[words[1]] else {
                let unknown = symbols[words[0]] == nil ? words[0] : words[1]
                throw merges.error(
                    rank,
                    "symbol \"\(String(decoding: unknown, as: UTF8.self))\" is neither a byte nor made by an earlier line"
                )
            }
            let id = Int32(512 + rank)
            guard symbols.updateValue(id, forKey: words[0] + words[1]) == nil else {
                throw merges.error(rank, "an earlier line makes the same symbol")
            }
            merged[Self.pair(first, second)] = id
        }
        self.init(merged: merged, mergeCount: merges.lines.count, digest: Self.digest(of: merges.lines))
    }

    /// The merges of a file's text; see `MergeList` for `path` and `vocabularySize`.
    package init(merges text: String, path: String = "merges.txt", vocabularySize: Int? = nil) throws(RecognizerError) {
        try self.init(merges: MergeList(text: text, path: path, vocabularySize: vocabularySize))
    }

    private init(merged: [UInt64: Int32], mergeCount: Int, digest: String) {
        self.merged = merged
        self.digest = digest
        self.vocabularySize = 512 + mergeCount + 2
    }

    package var startToken: Int32 { Int32(vocabularySize - 2) }
    package var endToken: Int32 { Int32(vocabularySize - 1) }

    /// Token ids of a text without start and end; none if nothing is left of it after clean-up.
    ///
    /// A start or end mark written out in the text (`<|endoftext|>`) is that token.
    package func encode(_ text: String) -> [Int32] {
        let scalars = PromptText.cleaned(text)
        var ids: [Int32] = []
        ids.reserveCapacity(scalars.count / 3)
        for range in WordRanges(scalars) {
            let word = scalars[range]
            switch word.first {
            case "<" where word.elementsEqual(Self.startMark): ids.append(startToken)
            case "<" where word.elementsEqual(Self.endMark): ids.append(endToken)
            default: appendMerged(word, to: &ids)
            }
        }
        return ids
    }

    /// Start, ids, end; not padded.
    ///
    /// Throws `RecognizerError.emptyText` if nothing is left after clean-up, and `.textTooLong` if there are more than
    /// `contextLength` tokens, start and end included: a text is never cut.
    package func prompt(_ text: String, contextLength: Int) throws(RecognizerError) -> [Int32] {
        let ids = encode(text)
        guard !ids.isEmpty else { throw .emptyText }
        guard ids.count + 2 <= contextLength else {
            throw .textTooLong(text: text, tokens: ids.count + 2, limit: contextLength)
        }
        return [startToken] + ids + [endToken]
    }

    /// Merges everywhere in the word whichever pair has the lowest id, until no pair merges.
    private func appendMerged(_ word: ArraySlice<Unicode.Scalar>, to ids: inout [Int32]) {
        let start = ids.count
        for scalar in word {
            for byte in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter {
                ids.append(ByteAlphabet.ids[Int(byte)])
            }
        }
        ids[ids.count - 1] += 256
        guard !merged.isEmpty else { return }
        while ids.count - start > 1 {
            var best = (id: Int32.max, first: Int32(0), second: Int32(0))
            for i in (start + 1)..<ids.count {
                if let id = merged[Self.pair(ids[i - 1], ids[i])], id < best.id { best = (id, ids[i - 1], ids[i]) }
            }
            guard best.id != .max else { return }
            var (read, write) = (start, start)
            while read < ids.count {
                if read + 1 < ids.count, ids[read] == best.first, ids[read + 1] == best.second {
                    ids[write] = best.id
                    read += 2
                } else {
                    ids[write] = ids[read]
                    read += 1
                }
                write += 1
            }
            ids.removeSubrange(write...)
        }
    }

    private static func pair(_ first: Int32, _ second: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: first)) << 32 | UInt64(UInt32(bitPattern: second))
    }

    private static func digest(of lines: [Substring]) -> String {
        var hash = SHA256()
        for line in lines { hash.update("\(line)\n") }
        return SHA256.hex(hash.finalize())
    }
}
