package import Testing

/// Tolerances of comparisons, `|actual - expected| <= absolute + relative * |expected|`; the one place they stand.
package struct Tolerance: Sendable {
    package let absolute: Double
    package let relative: Double

    /// - Precondition: both finite and not negative.
    package init(absolute: Double = 0, relative: Double = 0) {
        precondition(
            absolute >= 0 && relative >= 0 && absolute.isFinite && relative.isFinite, "a tolerance must be >= 0")
        self.absolute = absolute
        self.relative = relative
    }

    package static let exact = Tolerance()
    package static let logits = Tolerance(absolute: 1e-4)
    package static let scores = Tolerance(absolute: 1e-5)
    /// Unit vectors and normalised activations against PyTorch's float32.
    package static let features = Tolerance(absolute: 5e-5, relative: 1e-4)
    /// A vector loop in float32 against plain arithmetic in double precision.
    package static let kernels = Tolerance(absolute: 2e-6, relative: 1e-5)
    /// Algebraic rearrangements against the plain form.
    package static let algebraic = Tolerance(absolute: 1e-5, relative: 1e-5)
    /// Half precision storage.
    package static let half = Tolerance(absolute: 1e-6, relative: 1e-3)
    /// Scores of decoded video: decoders and colour conversions differ by a level or two.
    package static let decodedVideo = Tolerance(absolute: 0.02)
    package static let normalisedPixels = Tolerance(absolute: 0.02)
}

/// Compares two sequences of numbers within a tolerance; non-finite data fails. Prints name, count and the worst place.
package func expectClose(
    _ actual: some Collection<Float>, _ expected: some Collection<Float>, _ tolerance: Tolerance, _ name: String,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    guard actual.count == expected.count else {
        Issue.record("\(name): \(actual.count) values, expected \(expected.count)", sourceLocation: sourceLocation)
        return
    }
    var worst = (excess: 0.0, index: -1, actual: Float(0), expected: Float(0))
    for (index, pair) in zip(actual, expected).enumerated() {
        let (a, e) = (Double(pair.0), Double(pair.1))
        let allowed = tolerance.absolute + tolerance.relative * abs(e)
        let excess = a.isFinite && e.isFinite ? abs(a - e) - allowed : .infinity
        if excess > worst.excess { worst = (excess, index, pair.0, pair.1) }
    }
    if worst.index >= 0 {
        Issue.record(
            """
            \(name): index \(worst.index) of \(actual.count) is \(worst.actual), expected \(worst.expected) \
            (\(worst.excess) beyond absolute \(tolerance.absolute) + relative \(tolerance.relative))
            """, sourceLocation: sourceLocation)
    }
}
