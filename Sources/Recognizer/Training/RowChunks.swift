/// A division of rows among parts that depends on their number alone: how many workers there are changes no sum's order, and
/// so no bit of a result.
struct RowChunks {
    /// Rows of a part at most: enough for products at full speed, few enough that a block's hidden layer stays near its core.
    static let most = 276

    let rows: Int
    let count: Int
    private let each: Int

    init(rows: Int) {
        self.rows = rows
        // Few rows are split as well, for two to four workers; many so that the parts come out even for up to eight.
        let least = max((rows + Self.most - 1) / Self.most, min(4, rows / 64), 1)
        let even = least <= 8 ? least : (least + 7) / 8 * 8
        // In the products' steps.
        each = max(((rows + even - 1) / even + 5) / 6 * 6, 6)
        count = (rows + each - 1) / each
    }

    subscript(part: Int) -> Range<Int> { part * each..<min((part + 1) * each, rows) }
}
