/// How often the right class is the first, or among the first five; over all clips of the list, unreadable ones included as
/// wrong.
package struct TopAccuracy: Sendable, Equatable, Codable {
    package let clips: Int
    package let correct: Int
    package let amongFive: Int

    /// A clip with several classes counts as right if any of them is found. Of equal scores the lower class id comes first.
    package init(_ result: EvaluationResult) {
        clips = result.clips.count
        let ranks = result.clips.map(Self.rank)
        correct = ranks.count { $0 < 1 }
        amongFive = ranks.count { $0 < 5 }
    }

    package var top1: Double { clips == 0 ? 0 : Double(correct) / Double(clips) }
    package var top5: Double { clips == 0 ? 0 : Double(amongFive) / Double(clips) }

    /// How many classes stand before the best-placed right one.
    private static func rank(_ clip: EvaluationResult.Clip) -> Int {
        guard !clip.scores.isEmpty else { return .max }
        return clip.classes.map { right in
            clip.scores.indices.count { other in
                clip.scores[other] > clip.scores[right]
                    || (clip.scores[other] == clip.scores[right] && other < right)
            }
        }.min() ?? .max
    }
}
