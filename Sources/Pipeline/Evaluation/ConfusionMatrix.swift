/// How often clips of one class were given another; every clip of the list is counted once.
///
/// A clip of several classes counts in the row of the predicted class if that is one of them, otherwise in its first one's.
package struct ConfusionMatrix: Sendable, Codable, Equatable {
    package struct Cell: Sendable, Codable, Equatable {
        package let actual: Int
        package let predicted: Int
        package let clips: Int
    }

    /// Cells that are not empty, by `actual`, then `predicted`.
    package let cells: [Cell]
    /// (C), clips of a class without scores.
    package let unscored: [Int]

    init(_ outcomes: [ClipOutcome], classCount: Int) {
        var counts: [Int: Int] = [:]
        var unscored = [Int](repeating: 0, count: classCount)
        for outcome in outcomes {
            guard let predicted = outcome.predicted else {
                unscored[outcome.classes[0]] += 1
                continue
            }
            let actual = outcome.classes.contains(predicted) ? predicted : outcome.classes[0]
            counts[actual * classCount + predicted, default: 0] += 1
        }
        self.unscored = unscored
        cells = counts.sorted { $0.key < $1.key }.map {
            Cell(actual: $0.key / classCount, predicted: $0.key % classCount, clips: $0.value)
        }
    }

    /// (C), clips in each row, those without scores included.
    package var rowTotals: [Int] {
        var totals = unscored
        for cell in cells { totals[cell.actual] += cell.clips }
        return totals
    }

    /// The fullest cells off the diagonal, fullest first.
    package func mostConfused(_ count: Int) -> [Cell] {
        let wrong = cells.filter { $0.actual != $0.predicted }
        return Array(
            wrong.sorted { ($1.clips, $0.actual, $0.predicted) < ($0.clips, $1.actual, $1.predicted) }.prefix(count))
    }
}
