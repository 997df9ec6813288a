import Testing

@testable import Pipeline

@Suite struct ClipWatchTests {
    @Test func keepsItsVerdictWhateverProgressFollows() {
        let watch = ClipWatch(limit: .milliseconds(50))
        while watch.verdict == nil {}
        watch.noteProgress()
        #expect(watch.verdict == .hanging)
        #expect(watch.silence < .seconds(60))
    }

    @Test func tellsCancellationBeforeAnythingElse() {
        let watch = ClipWatch(limit: .seconds(3600))
        #expect(watch.verdict == nil)
        watch.cancel()
        #expect(watch.verdict == .cancelled)
    }
}
