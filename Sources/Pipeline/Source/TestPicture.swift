/// A generated picture: `test://[pattern][?width=&height=&rate=&frames=]`.
package struct TestPicture: Sendable, Equatable {
    /// One of `patterns`.
    package let pattern: String
    package var width = 320
    package var height = 240
    /// Frames per second.
    package var rate = 25
    /// Number of frames after which the source ends; it is then delivered like a file, as fast as it is taken. Nil: a live
    /// source at its rate, for ever.
    package var frames: Int?

    package static let patterns = [
        "smpte", "snow", "black", "white", "red", "green", "blue", "checkers-1", "checkers-2", "checkers-4",
        "checkers-8",
        "circular", "blink", "smpte75", "zone-plate", "gamut", "chroma-zone-plate", "ball", "smpte100", "bar",
        "pinwheel",
        "spokes", "gradient", "colors",
    ]

    /// Reads what follows `test://`.
    init(_ body: String) throws(Refusal) {
        let parts = body.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        pattern = parts[0].isEmpty ? "ball" : String(parts[0])
        guard Self.patterns.contains(pattern) else {
            throw Refusal("has no known pattern; accepted is one of \(Self.patterns.joined(separator: ", "))")
        }
        guard parts.count > 1 else { return }
        for item in parts[1].split(separator: "&", omittingEmptySubsequences: false) {
            let pair = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = pair.count > 1 ? Int(pair[1]) : nil
            switch String(pair[0]) {
            case "width": width = try Self.number(value, "width", 1...8192)
            case "height": height = try Self.number(value, "height", 1...8192)
            case "rate": rate = try Self.number(value, "rate", 1...240)
            case "frames": frames = try Self.number(value, "frames", 1...1_000_000_000)
            default: throw Refusal("has a setting '\(pair[0])'; accepted is width, height, rate, frames")
            }
        }
    }

    private static func number(_ value: Int?, _ name: String, _ range: ClosedRange<Int>) throws(Refusal) -> Int {
        guard let value, range.contains(value) else {
            throw Refusal("\(name) must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }
}
