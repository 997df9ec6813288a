import Foundation

/// McNemar's test of two runs over the same clips: is one right more often than the other where they differ?
package struct McNemar: Sendable, Codable, Equatable {
    package enum Method: String, Sendable, Codable {
        /// Two-sided binomial test; for fewer than `exactBelow` differing clips.
        case exact
        /// Chi-square with one degree of freedom and the continuity correction.
        case chiSquare = "chi_square"
    }

    package static let exactBelow = 25

    /// Clips that only run A has right.
    package let onlyA: Int
    /// Clips that only run B has right.
    package let onlyB: Int

    /// - Precondition: neither is negative.
    package init(onlyA: Int, onlyB: Int) {
        precondition(onlyA >= 0 && onlyB >= 0, "\(onlyA) and \(onlyB) clips")
        (self.onlyA, self.onlyB) = (onlyA, onlyB)
    }

    private enum CodingKeys: CodingKey {
        case onlyA, onlyB, method, pValue
    }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        onlyA = try values.decode(Int.self, forKey: .onlyA)
        onlyB = try values.decode(Int.self, forKey: .onlyB)
        guard onlyA >= 0, onlyB >= 0 else {
            throw DecodingError.dataCorruptedError(
                forKey: .onlyA, in: values, debugDescription: "\(onlyA) and \(onlyB) clips")
        }
    }

    /// With what follows from the counts beside them.
    package func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(onlyA, forKey: .onlyA)
        try values.encode(onlyB, forKey: .onlyB)
        try values.encode(method, forKey: .method)
        try values.encode(pValue, forKey: .pValue)
    }

    package var method: Method { onlyA + onlyB < Self.exactBelow ? .exact : .chiSquare }

    /// How likely a difference at least this large is if both runs were equally good; 1 where they agree on every clip.
    package var pValue: Double {
        let discordant = onlyA + onlyB
        guard discordant > 0 else { return 1 }
        if method == .chiSquare {
            let distance = Double(max(abs(onlyA - onlyB) - 1, 0))
            return erfc((distance * distance / Double(discordant) / 2).squareRoot())
        }
        var term = pow(0.5, Double(discordant))
        var tail = term
        for taken in 0..<min(onlyA, onlyB) {
            term *= Double(discordant - taken) / Double(taken + 1)
            tail += term
        }
        return min(1, 2 * tail)
    }
}
