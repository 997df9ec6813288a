import Testing

@testable import Recognizer

@Suite struct EpochPlanTests {
    @Test func everyClipIsInOneBatchAndTheRestWaits() {
        let plan = EpochPlan(order: Array((0..<11).reversed()), batch: 2, accumulation: 2)
        #expect(plan.updates == 2)
        #expect(plan.batches == [[10, 9], [8, 7], [6, 5], [4, 3]])
        #expect(EpochPlan(order: [1, 2, 3], batch: 2, accumulation: 2).batches.isEmpty)
    }

    @Test func ranksTogetherSeeWhatOneRankWithLargerBatchesSees() {
        let order = TrainingDraws(seed: 2).order(epoch: 3, clips: 50)
        let whole = EpochPlan(order: order, batch: 6, accumulation: 2)
        let parts = (0..<3).map { EpochPlan(order: order, batch: 2, accumulation: 2, rank: $0, ranks: 3) }
        #expect(parts.allSatisfy { $0.updates == whole.updates })
        for place in whole.batches.indices {
            #expect(parts.flatMap { $0.batches[place] } == whole.batches[place])
        }
    }
}

@Suite struct NonFinitePolicyTests {
    @Test func threeInARowStopAndOthersAreCounted() {
        var policy = NonFinitePolicy(skipped: 4)
        #expect(policy.noteNonFinite() == .skip && policy.noteNonFinite() == .skip)
        #expect(!policy.isClean)
        policy.noteFinite()
        #expect(policy.isClean && policy.skipped == 6)
        #expect(policy.noteNonFinite() == .skip && policy.noteNonFinite() == .skip)
        #expect(policy.noteNonFinite() == .stop && policy.skipped == 9)
    }
}
