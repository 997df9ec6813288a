import Foundation
import TestSupport

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
        let scores = plainProduct(rows: queries.count, depth: 64, columns: keys.count) {
            queries[$0][$1]
        } _: {
            keys[$1][$0]
        }
        return queries.indices.map { query in
            let seen = keys.indices.filter { sees(query, $0) }
            let largest = seen.map { scores[query * keys.count + $0] }.max() ?? 0
            let weights = seen.map { exp((scores[query * keys.count + $0] - largest) / 8) }
            let total = weights.reduce(0, +)
            var row = [Double](repeating: 0, count: 64)
            for (key, weight) in zip(seen, weights) {
                for column in 0..<64 { row[column] += weight * Double(values[key][column]) }
            }
            return row.map { Float($0 / total) }
        }
    }
}
