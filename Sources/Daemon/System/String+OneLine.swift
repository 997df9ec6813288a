import Pipeline

extension String {
    /// The whole text on one printable line, however long.
    var oneLine: String {
        let scalars = Array(unicodeScalars)
        return stride(from: 0, to: scalars.count, by: Self.escapedAtOnce)
            .map { start in
                var part = UnicodeScalarView()
                part.append(contentsOf: scalars[start..<Swift.min(start + Self.escapedAtOnce, scalars.count)])
                return String(part).escapedForLog
            }
            .joined()
    }

    /// What `escapedForLog` keeps of a text.
    private static let escapedAtOnce = 300
}
