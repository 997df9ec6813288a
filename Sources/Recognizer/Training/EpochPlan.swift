/// Which clips make up each batch of an epoch.
///
/// An update takes `batch * accumulation` clips of every rank, from the order that all ranks share; clips left over at the
/// end of the order wait for another epoch's. Several ranks together see what one rank with larger batches sees.
package struct EpochPlan: Sendable, Equatable {
    /// (updates * accumulation), each of `batch` numbers of clips: those of this rank.
    package let batches: [[Int]]
    package let updates: Int

    /// - Parameters:
    ///   - order: numbers of all clips.
    ///   - rank: which of `ranks` parts of each batch is this one's.
    package init(order: [Int], batch: Int, accumulation: Int, rank: Int = 0, ranks: Int = 1) {
        updates = order.count / (batch * accumulation * ranks)
        batches = (0..<updates * accumulation).map { place in
            let begin = (place * ranks + rank) * batch
            return Array(order[begin..<begin + batch])
        }
    }
}
