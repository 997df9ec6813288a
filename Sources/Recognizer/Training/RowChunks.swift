/// A division of rows among parts that does not depend on the workers: how many there are changes no sum's order, and so no bit of
/// a result.
struct RowChunks {
    /// Rows that the products take at a time; every part but the last has a multiple of them.
    private static let step = 6

    let rows: Int
    let count: Int
    private let steps: Int

    /// - Parameter most: rows of a part at most, a multiple of six.
    init(rows: Int, most: Int) {
        self.rows = rows
        steps = (rows + Self.step - 1) / Self.step
        // Few rows are split as well, for two to four workers; many so that the parts come out even, for up to eight.
        let least = max((rows + most - 1) / most, min(4, rows / 64), 1)
        count = min(least <= 2 ? least : least <= 4 ? 4 : (least + 7) / 8 * 8, steps)
    }

    /// The first parts have a step more than the others where the steps do not come out even.
    subscript(part: Int) -> Range<Int> { begin(part)..<min(begin(part + 1), rows) }

    private func begin(_ part: Int) -> Int {
        (steps / count * part + min(part, steps % count)) * Self.step
    }
}
