extension SettingsReader {
    /// Reads a number with one of the units `ms`, `s`, `m`, `h`; nil for anything else, and from 10^9 seconds on.
    package static func duration(from text: String) -> Duration? {
        let units: [(String, Double)] = [("ms", 1e-3), ("s", 1), ("m", 60), ("h", 3600)]
        for (unit, seconds) in units where text.hasSuffix(unit) {
            let digits = text.dropLast(unit.count)
            guard digits.allSatisfy({ "0123456789.".contains($0) }), let value = Double(digits) else { return nil }
            let total = value * seconds
            return total < 1e9 ? .nanoseconds(Int64((total * 1e9).rounded())) : nil
        }
        return nil
    }
}

extension Duration {
    /// As `SettingsReader.duration` reads it, in the largest unit that divides it (`300ms`, `90s`, `1h`), below a
    /// millisecond as a fraction.
    package var settingText: String {
        let nanoseconds = wholeNanoseconds
        for (unit, length) in [
            ("h", 3_600_000_000_000), ("m", 60_000_000_000), ("s", 1_000_000_000), ("ms", 1_000_000),
        ]
        where nanoseconds != 0 && nanoseconds % Int64(length) == 0 {
            return "\(nanoseconds / Int64(length))\(unit)"
        }
        return nanoseconds == 0 ? "0s" : "\(Double(nanoseconds) / 1e6)ms"
    }
}
