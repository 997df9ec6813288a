/// The merges of a byte-pair vocabulary in order of rank, one `a b` per line, as `merges.txt` holds them.
package struct MergeList: Sendable {
    /// The lines, without the file's header.
    package let lines: [Substring]
    private let path: String
    /// Line number of rank 0, counted from 1.
    private let firstLine: Int

    /// Reads the text of a merges file.
    ///
    /// A first line with `#version` is skipped, and so are blank lines at the end. With `vocabularySize` given (512 bytes,
    /// the merges, 2 marks) the first `vocabularySize - 514` merges count, as CLIP takes 48,894 of the 262,144 in its
    /// file; fewer are an error. `path` only names the file in errors (`RecognizerError.malformed`).
    package init(text: String, path: String = "merges.txt", vocabularySize: Int? = nil) throws(RecognizerError) {
        var lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { line in
            Substring(line.last == UInt8(ascii: "\r") ? line.dropLast() : line)
        }
        let hasHeader = lines.first?.contains("#version") ?? false
        if hasHeader { lines.removeFirst() }
        while lines.last?.isEmpty ?? false { lines.removeLast() }
        if let vocabularySize {
            guard vocabularySize >= 514, lines.count >= vocabularySize - 514 else {
                throw .malformed(
                    path: path,
                    reason: "\(lines.count) merges, but a vocabulary of \(vocabularySize) has 512 bytes,"
                        + " 2 marks and \(vocabularySize - 514) merges")
            }
            lines.removeSubrange((vocabularySize - 514)...)
        }
        self.lines = lines
        self.path = path
        self.firstLine = hasHeader ? 2 : 1
    }

    /// The list as a file of its own, with the header that other readers of `merges.txt` expect.
    package var text: String {
        "#version: 0.2\n" + lines.map { $0 + "\n" }.joined()
    }

    func error(_ rank: Int, _ reason: String) -> RecognizerError {
        .malformed(path: path, reason: "line \(firstLine + rank) \"\(lines[rank].prefix(80))\": \(reason)")
    }
}
