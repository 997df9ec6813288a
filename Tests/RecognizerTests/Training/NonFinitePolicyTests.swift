import Testing

@testable import Recognizer

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

    @Test func aRunThatGoesOnCountsThoseBefore() {
        var policy = NonFinitePolicy(skipped: 2, inARow: 2)
        #expect(!policy.isClean && policy.noteNonFinite() == .stop && policy.inARow == 3)
    }
}
