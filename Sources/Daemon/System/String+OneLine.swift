import Pipeline

extension String {
    /// The whole text on one printable line, however long.
    var oneLine: String { escapedForLog(limit: .max) }
}
