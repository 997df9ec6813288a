import Foundation
import Pipeline
import Recognizer
import TestSupport
import Testing

@testable import Daemon

@Suite struct RunLogTests {
    private static func update(_ number: Int) -> RunRecord {
        .update(
            RunRecord.Update(
                epoch: 0, update: number, loss: 1.0 / 3, accuracy: 0.5, rate: 1e-5, norm: 2, clips: 8, seconds: 1,
                waited: 0))
    }

    @Test func everyRecordReadsBack() throws {
        let records = [
            .begin(
                RunRecord.Begin(version: "1", clips: 2, classes: 3, prompts: 4, updatesPerEpoch: 5, workers: 6)),
            Self.update(1),
            .epoch(
                RunRecord.Epoch(
                    epoch: 1, loss: 0.1, accuracy: 0.2, clipsPerSecond: 3, seconds: 4, top1: 0.5, top5: nil,
                    isBest: true)),
            .skipped(RunRecord.Skipped(epoch: 1, update: 2, reason: "r", clips: ["a/b \"c\""])),
            .unreadable(RunRecord.Unreadable(clip: "c", kind: "empty", reason: "r\n")),
            .unreadable(RunRecord.Unreadable(clip: "v", kind: "empty", reason: "r", isValidation: true)),
        ]
        for record in records {
            let line = try record.line()
            #expect(line.filter(\.isNewline).count == 1 && line.hasPrefix("{\"type\":\""))
            #expect(RunRecord(line: line) == record)
        }
    }

    @Test func goesOnWhereTheCheckpointSays() throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/log.jsonl"
            var kept = 0
            do {
                let log = try RunLog(path: path, keeping: 0)
                try log.append(Self.update(0))
                kept = log.byteCount
                try log.append(Self.update(1))
            }
            let log = try RunLog(path: path, keeping: kept)
            #expect(log.records == [Self.update(0)])
            try log.append(Self.update(7))
            let text = try String(contentsOfFile: path, encoding: .utf8)
            #expect(text == (try Self.update(0).line()) + (try Self.update(7).line()))
        }
    }
}
