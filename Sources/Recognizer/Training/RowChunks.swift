/// A division of rows among parts that depends on their number alone: how many workers there are changes no sum's order, and
/// so no bit of a result.
struct RowChunks {
    /// Rows of a part at most: enough for products at full speed, few enough that a block's hidden layer stays near its core.
    static let most = 276
    /// Rows that the products take at a time; every part but the last has a multiple of them.
    private static let step = 6

    let rows: Int
    let count: Int
    private let steps: Int

    init(rows: Int) {
        self.rows = rows
        steps = (rows + Self.step - 1) / Self.step
        // Few rows are split as well, for two to four workers; many so that the parts come out even for up to eight.
        let least = max((rows + Self.most - 1) / Self.most, min(4, rows / 64), 1)
        count = min(least <= 8 ? least : (least + 7) / 8 * 8, steps)
    }

    /// The first parts have a step more than the others where the steps do not come out even.
    subscript(part: Int) -> Range<Int> { begin(part)..<min(begin(part + 1), rows) }

    private func begin(_ part: Int) -> Int {
        (steps / count * part + min(part, steps % count)) * Self.step
    }
}
