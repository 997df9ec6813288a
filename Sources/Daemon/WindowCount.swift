import Pipeline

/// How many windows there were, for the log and for `systemctl status`.
struct WindowCount: CustomStringConvertible {
    let scored: Int
    /// Windows that took the scores of the one before, of each camera.
    let reused: [(camera: String, windows: Int)]

    var description: String {
        let some = reused.filter { $0.windows > 0 }
        guard !some.isEmpty else { return "\(scored) windows scored" }
        let total = some.map(\.windows).reduce(0, +)
        let cameras = some.map { "\($0.camera.escapedForLog) \($0.windows)" }.joined(separator: ", ")
        return "\(scored) windows scored, \(total) reused without motion (\(cameras))"
    }
}
