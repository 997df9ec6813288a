/// The area under a class's precision over its recall, the measure of data sets whose clips have several classes.
enum AveragePrecision {
    /// The sum over the scores' distinct values, highest first, of the recall gained times the precision there.
    ///
    /// - Parameters:
    ///   - scores: of the clips that have scores.
    ///   - isMember: (scores), whether the clip is of the class.
    ///   - members: clips of the class, those without scores included, which are never found.
    /// - Returns: nil without members.
    static func value(scores: [Float], isMember: [Bool], members: Int) -> Double? {
        guard members > 0 else { return nil }
        let order = scores.indices.sorted { scores[$0] > scores[$1] }
        var (found, seen, area) = (0, 0, 0.0)
        var at = 0
        while at < order.count {
            let score = scores[order[at]]
            var gained = 0
            while at < order.count, scores[order[at]] == score {
                gained += isMember[order[at]] ? 1 : 0
                at += 1
            }
            seen = at
            found += gained
            area += Double(gained) * Double(found) / Double(seen)
        }
        return area / Double(members)
    }
}
