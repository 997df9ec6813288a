extension SettingsReader {
    /// The accepted key that `word` was probably meant to be: the fewest edits (a character more, less or other, or two
    /// neighbours swapped), at most two or a third of the word, and less than every second character. Case does not count.
    package static func nearest(to word: String, among keys: [String]) -> String? {
        let word = Array(word.lowercased().prefix(64))
        let candidates = keys.map { key -> (key: String, edits: Int, longer: Int) in
            let letters = Array(key.lowercased())
            return (key, editDistance(word, letters), max(word.count, letters.count))
        }
        return candidates.filter { $0.edits <= max(2, word.count / 3) && 2 * $0.edits < $0.longer }
            .min { $0.edits < $1.edits }?.key
    }

    private static func editDistance(_ a: [Character], _ b: [Character]) -> Int {
        var rows = [Array(0...b.count)]
        for i in a.indices {
            var row = [i + 1]
            for j in b.indices {
                var least = min(rows[i][j] + (a[i] == b[j] ? 0 : 1), row[j] + 1, rows[i][j + 1] + 1)
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { least = min(least, rows[i - 1][j - 1] + 1) }
                row.append(least)
            }
            rows.append(row)
        }
        return rows[a.count][b.count]
    }
}
