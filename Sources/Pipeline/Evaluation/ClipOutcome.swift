/// How one clip of a list came out, without its full scores: what figures, comparisons and reports need of it.
package struct ClipOutcome: Sendable, Codable, Equatable {
    /// Classes kept of a clip's ranking.
    package static let kept = 5

    package let name: String
    /// Class ids of the list, at least one.
    package let classes: [Int]
    /// Ids of the best scored classes, best first, `kept` at most; none for a clip without usable scores.
    package let best: [Int]
    /// Their scores.
    package let bestScores: [Float]
    /// Place of the best placed of the clip's own classes, 1 at the top; of equal scores the lower id comes first.
    package let place: Int?
    /// That class's score.
    package let score: Float?
    package let failure: ClipFailure?

    /// - Parameter count: C. A clip with another number of scores, or with one that is not finite, has no place.
    package init(_ clip: EvaluationResult.Clip, count: Int) {
        (name, classes, failure) = (clip.name, clip.classes, clip.failure)
        let scores = clip.scores
        guard clip.failure == nil, scores.count == count, scores.allSatisfy(\.isFinite) else {
            (best, bestScores, place, score) = ([], [], nil, nil)
            return
        }
        best = Self.best(scores)
        bestScores = best.map { scores[$0] }
        let own = clip.classes.map { (id: $0, place: Self.place(of: $0, in: scores)) }.min { $0.place < $1.place }
        place = own?.place
        score = own.map { scores[$0.id] }
    }

    init(
        name: String, classes: [Int], best: [Int], bestScores: [Float], place: Int?, score: Float?,
        failure: ClipFailure?
    ) {
        (self.name, self.classes, self.failure) = (name, classes, failure)
        (self.best, self.bestScores, self.place, self.score) = (best, bestScores, place, score)
    }

    /// Whether one of its classes is among the `count` best; never for a clip without scores.
    package func isRight(within count: Int) -> Bool { place.map { $0 <= count } ?? false }

    /// The class that the model gives it.
    package var predicted: Int? { best.first }

    /// By how much the predicted class beats the best of its own; 0 for a right one, nil without scores.
    package var margin: Float? {
        guard let top = bestScores.first, let score else { return nil }
        return top - score
    }

    private static func place(of id: Int, in scores: [Float]) -> Int {
        let own = scores[id]
        var above = 0
        for (other, score) in scores.enumerated() where score > own || (score == own && other < id) { above += 1 }
        return above + 1
    }

    private static func best(_ scores: [Float]) -> [Int] {
        var best: [Int] = []
        for (id, score) in scores.enumerated() {
            guard best.count < kept || score > scores[best[best.count - 1]] else { continue }
            let at = best.firstIndex { score > scores[$0] } ?? best.count
            best.insert(id, at: at)
            if best.count > kept { best.removeLast() }
        }
        return best
    }
}
