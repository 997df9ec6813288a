import Recognizer

/// The camera of one clip: it drifts and shakes a little, has a brightness of its own, and noise.
struct SynthCamera: Sendable {
    /// To the right and downwards within the clip, pixels.
    private let drift: SIMD2<Double>
    private let gain: Float

    /// Of one frame to the next, pixels.
    private static let shake = 0.3
    /// Deviation of the noise of a value.
    private static let noise: Float = 4

    init(drawnFrom random: inout CounterRandom) {
        drift = SIMD2(random.uniform(-3, 3), random.uniform(-3, 3))
        gain = Float(random.uniform(0.85, 1.15))
    }

    /// What it sees of a picture; beyond the edge that goes on as it is there.
    ///
    /// - Parameter time: in the clip, 0...1.
    /// - Returns: (side, side, 3)
    func frame(of picture: SynthPicture, at time: Double, _ random: inout CounterRandom) -> [UInt8] {
        let shift = drift * time + Self.shake * SIMD2(random.normal(), random.normal())
        let (columns, rows) = (Self.places(shifted: shift.x), Self.places(shifted: shift.y))
        var noise = SynthNoise(state: random.next())
        let side = SynthPicture.side
        return [UInt8](unsafeUninitializedCapacity: side * side * 3) { frame, count in
            picture.values.withUnsafeBufferPointer { values in
                withUnsafeTemporaryAllocation(of: Float.self, capacity: side * 3) { disturbance in
                    disturbance.initialize(repeating: 0)
                    for row in 0..<side {
                        noise.fill(disturbance)
                        let (above, below) = (rows.first[row] * side, rows.second[row] * side)
                        for column in 0..<side {
                            let (left, right) = (columns.first[column], columns.second[column])
                            for channel in 0..<3 {
                                let top = Self.between(
                                    values[(above + left) * 3 + channel], values[(above + right) * 3 + channel],
                                    columns.share)
                                let bottom = Self.between(
                                    values[(below + left) * 3 + channel], values[(below + right) * 3 + channel],
                                    columns.share)
                                let at = column * 3 + channel
                                let value =
                                    gain * Self.between(top, bottom, rows.share) + Self.noise * disturbance[at]
                                frame[row * side * 3 + at] = UInt8(min(max(value, 0), 255))
                            }
                        }
                    }
                }
            }
            count = side * side * 3
        }
    }

    private static func between(_ first: Float, _ second: Float, _ share: Float) -> Float {
        first + (second - first) * share
    }

    /// For each place along an axis the two that it is seen between, and the share of the second, which all have in common.
    private static func places(shifted: Double) -> (first: [Int], second: [Int], share: Float) {
        let whole = (-shifted).rounded(.down)
        let limits = 0...SynthPicture.side - 1
        func clamped(_ offset: Int) -> [Int] {
            limits.map { min(max($0 + Int(whole) + offset, limits.lowerBound), limits.upperBound) }
        }
        return (clamped(0), clamped(1), Float(-shifted - whole))
    }
}
