/// Finds what someone may have meant.
enum NearestName {
    /// The candidate with the fewest edits from `name`, if that is at most a third of its length and at least one.
    static func find(_ name: String, among candidates: [String]) -> String? {
        guard name.count <= 100 else { return nil }
        let nearest = candidates.map { (name: $0, edits: edits(name, $0)) }.min { $0.edits < $1.edits }
        guard let nearest, nearest.edits <= max(2, name.count / 3) else { return nil }
        return nearest.name
    }

    /// Insertions, deletions and replacements from one text to the other.
    private static func edits(_ first: String, _ second: String) -> Int {
        let (a, b) = (Array(first), Array(second))
        var row = Array(0...b.count)
        for i in a.indices {
            var diagonal = row[0]
            row[0] = i + 1
            for j in b.indices {
                let replaced = diagonal + (a[i] == b[j] ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(replaced, row[j] + 1, row[j + 1] + 1)
            }
        }
        return row[b.count]
    }
}
