import Foundation
import Pipeline
import Recognizer
import TestSupport
import Testing

@testable import Daemon

@Suite struct CurvePageTests {
    @Test func showsCurvesAndEscapesWhatItShows() {
        var recipe = TrainRecipe()
        recipe.epochs = 4
        let records: [RunRecord] =
            [.begin(RunRecord.Begin(version: "1", clips: 9, classes: 3, prompts: 4, updatesPerEpoch: 900, workers: 6))]
            + (0..<900).map { number in
                .update(
                    RunRecord.Update(
                        epoch: 0, update: number, loss: 2 - Double(number) / 900, accuracy: 0.5, rate: 1e-5, norm: 2,
                        clips: 8, seconds: 1, waited: 0))
            } + [
                .epoch(
                    RunRecord.Epoch(
                        epoch: 0, loss: 0.1, accuracy: 0.2, clipsPerSecond: 3, seconds: 4, top1: 0.875, top5: 1,
                        isBest: true)),
                .unreadable(RunRecord.Unreadable(clip: "<i>.mp4", kind: "empty", reason: "no frame")),
            ]
        let page = CurvePage(name: "a<b", recipe: recipe)
        let html = page.html(records, .underWay)
        #expect(html.contains("Training a&lt;b") && html.contains("&lt;i&gt;.mp4") && !html.contains("<i>.mp4"))
        #expect(html.contains("87.5 %") && html.contains("http-equiv=\"refresh\""))
        #expect(html.components(separatedBy: "<svg").count == 5)
        let ends: [(CurvePage.State, String)] = [
            (.finished, "Finished: 1 of 4"),
            (.ended("no <room>"), "Ended after 1 of 4 epochs: no &lt;room&gt;. 9 clips"),
        ]
        for (state, text) in ends {
            let html = page.html(records, state)
            #expect(html.contains(text) && !html.contains("http-equiv=\"refresh\""))
        }
        // 900 updates are drawn as 450 points.
        let longest = html.components(separatedBy: "points=\"").dropFirst().map {
            $0.prefix { $0 != "\"" }.split(separator: " ").count
        }.max()
        #expect(longest == 450)
    }

    @Test(arguments: [(0.0, 1.0), (0, 2.7), (0, 0.00034), (0, 101), (0, 9), (-1, 3)])
    func axesHaveAHandfulOfRoundMarks(low: Double, high: Double) {
        let axis = CurveChart.scale(low: low, high: high)
        #expect(axis.low <= low && axis.high >= high)
        let marks = (axis.high - axis.low) / axis.step
        #expect((3...6).contains(marks.rounded()), "\(axis)")
    }

    @Test func theProgressLineTellsTheTimeLeft() {
        var position = RunPosition(quarantine: Quarantine(clips: 10))
        (position.epoch, position.update) = (1, 5)
        position.sums = RunPosition.Sums(batches: 5, loss: 5, clips: 40, correct: 10, seconds: 20)
        let line = TrainProgress.line(position, epochs: 4, updates: 10, secondsPerUpdate: 4)
        #expect(line.hasPrefix("[###.....] epoch 2/4 5/10  1:40 left  2.0 clips/s"))
        #expect(line.hasSuffix("  loss 1.0000  right 25 %"))
    }
}
