import Foundation

extension CounterRandom {
    /// Of mean 0 and deviation 1: Box and Muller's transform.
    package mutating func normal() -> Double {
        let radius = (-2 * log(1 - unit())).squareRoot()
        return radius * cos(2 * .pi * unit())
    }

    /// Beta distributed with both parameters `alpha`, positive: a gamma variate over the sum of two.
    package mutating func beta(_ alpha: Double) -> Double {
        let (first, second) = (gamma(alpha), gamma(alpha))
        // Both underflow where alpha is minute; the limit then is one of the ends.
        return first + second > 0 ? first / (first + second) : (happens(0.5) ? 0 : 1)
    }

    /// Marsaglia and Tsang 2000; shapes below 1 through shape + 1.
    private mutating func gamma(_ shape: Double) -> Double {
        precondition(shape > 0, "a gamma distribution of shape \(shape)")
        if shape < 1 { return gamma(shape + 1) * pow(1 - unit(), 1 / shape) }
        let offset = shape - 1.0 / 3
        let factor = 1 / (9 * offset).squareRoot()
        while true {
            let x = normal()
            let root = 1 + factor * x
            guard root > 0 else { continue }
            let cube = root * root * root
            if log(1 - unit()) < 0.5 * x * x + offset * (1 - cube + log(cube)) { return offset * cube }
        }
    }
}
