/// DropPath (Huang et al. 2016): what a block's two branches are multiplied by, row by row. 0 where a branch is left out,
/// `1 / (1 - rate)` where it stays. Without, all are 1.
struct PathFactors {
    /// (2, rows): of the attention, of the tail.
    private let values: UnsafePointer<Float>?
    private let rows: Int

    static var none: PathFactors { PathFactors(values: nil, rows: 0) }

    init(values: UnsafePointer<Float>?, rows: Int) {
        self.values = values
        self.rows = rows
    }

    func attention(_ row: Int) -> UnsafePointer<Float>? { values.map { $0 + row } }
    func tail(_ row: Int) -> UnsafePointer<Float>? { values.map { $0 + rows + row } }
}
