/// How the rows of a product are shared out: parts of equal size but for the last.
struct RowSplit: Equatable {
    /// Fewer rows make a part that does little but read weights.
    private static let least = 8

    /// Rows of each part but the last.
    let share: Int
    let parts: Int
    /// Rows of the last part.
    let rest: Int

    /// - Parameters:
    ///   - rows: at least one.
    ///   - most: rows that a part may have.
    init(rows: Int, workers: Int, most: Int) {
        let rounds = (rows + workers * most - 1) / (workers * most)
        let wanted = max(1, min(workers * rounds, rows / Self.least))
        share = min(most, (rows + wanted - 1) / wanted)
        parts = (rows + share - 1) / share
        rest = rows - (parts - 1) * share
    }
}
