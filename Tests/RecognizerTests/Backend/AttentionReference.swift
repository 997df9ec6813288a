import Foundation

/// Scaled dot-product attention of one head in double precision, the mask written out.
enum AttentionReference {
    /// - Parameters:
    ///   - queries: rows of 64.
    ///   - keys: rows of 64, as many as values.
    ///   - sees: whether query (by its index among `queries`) sees a key.
    /// - Returns: rows of 64, one per query.
    static func attend(
        queries: [[Float]], keys: [[Float]], values: [[Float]], sees: (_ query: Int, _ key: Int) -> Bool
    ) -> [[Float]] {
        queries.indices.map { query in
            let seen = keys.indices.filter { sees(query, $0) }
            let scores = seen.map { key in
                zip(queries[query], keys[key]).reduce(0) { $0 + Double($1.0) * Double($1.1) } / 8
            }
            let largest = scores.max() ?? 0
            let weights = scores.map { exp($0 - largest) }
            let total = weights.reduce(0, +)
            return (0..<64).map { column in
                Float(zip(seen, weights).reduce(0) { $0 + $1.1 * Double(values[$1.0][column]) } / total)
            }
        }
    }
}
