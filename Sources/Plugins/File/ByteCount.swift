import Pipeline

/// A size in bytes as people write it.
enum ByteCount {
    private static let units: [(String, Int)] = [
        ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("KB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000),
        ("B", 1),
    ]

    /// Reads `100MB`, `64KiB`, `2GB`, `1.5MB`; nil for anything else, a size without its unit included.
    static func parse(_ text: String) -> Int? {
        for (unit, bytes) in units where text.hasSuffix(unit) {
            let digits = text.dropLast(unit.count)
            guard !digits.isEmpty, digits.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") }),
                let value = Double(digits)
            else { return nil }
            let total = (value * Double(bytes)).rounded()
            return total < 1e15 ? Int(total) : nil
        }
        return nil
    }
}

extension SettingsReader {
    /// A size with its unit: `100MB`, `64KiB`.
    func byteCount(_ key: String, in range: ClosedRange<Int>) throws -> Int? {
        guard let text = try text(key) else { return nil }
        guard let value = ByteCount.parse(text), range.contains(value) else {
            throw error(
                key,
                """
                expected a size with its unit (B, KB, MB, GB, KiB, MiB, GiB), such as 100MB, in \(range.lowerBound)B...\
                \(range.upperBound)B; found "\(text.escapedForLog)"
                """)
        }
        return value
    }
}
