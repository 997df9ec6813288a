/// Accuracies of a set of clips, each 0...1.
package struct Accuracies: Sendable, Codable, Equatable {
    package var top1: Double
    package var top5: Double
    /// Mean over the classes that have a clip of the share of their clips that are right.
    package var meanClass: Double

    package init(top1: Double, top5: Double, meanClass: Double) {
        (self.top1, self.top5, self.meanClass) = (top1, top5, meanClass)
    }
}

/// Outcomes packed for counting them thousands of times.
struct OutcomeTable {
    private static let right: UInt64 = 1 << 32
    private static let low: UInt64 = right - 1

    let clips: Int
    private let classCount: Int
    /// (clips + 1), where each clip's classes begin in `ids`.
    private let offsets: [Int32]
    private let ids: [Int32]
    /// (clips), what a clip adds to its class: one in the low half, and one in the high half if it is right.
    private let marks: [UInt64]
    /// (clips), 1 where one of the clip's classes is among the best five.
    private let withinFive: [UInt8]

    init(_ outcomes: [ClipOutcome], classCount: Int) {
        clips = outcomes.count
        self.classCount = classCount
        var offsets: [Int32] = [0]
        var ids: [Int32] = []
        for outcome in outcomes {
            ids += Set(outcome.classes).map { Int32($0) }
            offsets.append(Int32(ids.count))
        }
        (self.offsets, self.ids) = (offsets, ids)
        marks = outcomes.map { 1 + ($0.isRight(within: 1) ? Self.right : 0) }
        withinFive = outcomes.map { $0.isRight(within: 5) ? 1 : 0 }
    }

    /// Of all clips, each once.
    func accuracies() -> Accuracies {
        var scratch: [UInt64] = []
        return accuracies(of: (0..<clips).map { UInt32($0) }, scratch: &scratch)
    }

    /// Of drawn clips, some several times; at least one.
    func accuracies(of drawn: [UInt32], scratch: inout [UInt64]) -> Accuracies {
        if scratch.count != classCount { scratch = [UInt64](repeating: 0, count: classCount) }
        for index in scratch.indices { scratch[index] = 0 }
        var total: UInt64 = 0
        var five = 0
        scratch.withUnsafeMutableBufferPointer { perClass in
            marks.withUnsafeBufferPointer { marks in
                for clip in drawn {
                    let clip = Int(clip)
                    let mark = marks[clip]
                    total += mark
                    five += Int(withinFive[clip])
                    for at in offsets[clip]..<offsets[clip + 1] { perClass[Int(ids[Int(at)])] += mark }
                }
            }
        }
        var (sum, present) = (0.0, 0)
        for mark in scratch where mark > 0 {
            sum += Double(mark >> 32) / Double(mark & Self.low)
            present += 1
        }
        let count = Double(drawn.count)
        return Accuracies(
            top1: Double(total >> 32) / count, top5: Double(five) / count, meanClass: sum / Double(max(present, 1)))
    }
}
