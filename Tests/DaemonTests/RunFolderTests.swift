import Foundation
import Pipeline
import Recognizer
import TestSupport
import Testing

@testable import Daemon

@Suite struct RunFolderTests {
    @Test func onlyOneProcessTrainsInAFolder() throws {
        try withTemporaryDirectory { directory in
            let folder = try RunFolder(directory + "/run", resumes: false)
            let error = #expect(throws: CommandFailure.self) { try RunFolder(folder.path, resumes: true) }
            #expect(error?.status == .cannotCreate && error?.description.contains("another process") == true)
        }
    }

    @Test func aFolderOfARunIsOnlyTakenToGoOn() throws {
        try withTemporaryDirectory { directory in
            for name in ["recipe.yaml", "checkpoint.safetensors"] {
                try RunFolder.mark.write(toFile: "\(directory)/\(name)", atomically: true, encoding: .utf8)
            }
            let error = #expect(throws: CommandFailure.self) { try RunFolder(directory, resumes: false) }
            #expect(error?.description.contains("--resume auto") == true)
            _ = try RunFolder(directory, resumes: true)
        }
    }

    private static let begin = RunRecord.begin(
        RunRecord.Begin(version: "1", clips: 2, classes: 3, prompts: 4, updatesPerEpoch: 5, workers: 6))
    private static let update = RunRecord.update(
        RunRecord.Update(
            epoch: 0, update: 0, loss: 1, accuracy: 0, rate: 1, norm: 1, clips: 8, seconds: 1, waited: 0))

    @Test func whatWasOnlyPreparedMayBeBegunAnew() throws {
        try withTemporaryDirectory { directory in
            try RunFolder.mark.write(toFile: directory + "/recipe.yaml", atomically: true, encoding: .utf8)
            try RunLog(path: directory + "/log.jsonl", keeping: 0).append(Self.begin)
            let folder = try RunFolder(directory, resumes: false)
            try folder.clear()
            #expect(!FileManager.default.fileExists(atPath: folder.log))
        }
    }

    @Test func modelsWithoutACheckpointAreLeftAlone() throws {
        try withTemporaryDirectory { directory in
            let log = try RunLog(path: directory + "/log.jsonl", keeping: 0)
            for record in [Self.begin, Self.update] { try log.append(record) }
            #expect(throws: CommandFailure.self) { try RunFolder(directory, resumes: false) }
            let folder = try RunFolder(directory, resumes: true)
            let error = #expect(throws: CommandFailure.self) { try folder.clear() }
            #expect(error?.status == .cannotCreate)
            #expect(error?.description.contains("no checkpoint to go on from") == true)
            #expect(FileManager.default.fileExists(atPath: folder.log))
        }
    }

    @Test func aFolderOfOtherThingsIsRefused() throws {
        try withTemporaryDirectory { directory in
            try "".write(toFile: directory + "/thesis.tex", atomically: true, encoding: .utf8)
            for resumes in [false, true] {
                #expect(throws: CommandFailure.self) { try RunFolder(directory, resumes: resumes) }
            }
        }
    }

    @Test func aRecipeThatSomebodyPutThereIsNoRun() throws {
        try withTemporaryDirectory { directory in
            let recipe = directory + "/recipe.yaml"
            try "epochs: 3\n".write(toFile: recipe, atomically: true, encoding: .utf8)
            for resumes in [false, true] {
                let error = #expect(throws: CommandFailure.self) { try RunFolder(directory, resumes: resumes) }
                #expect(error?.description.contains("no folder of a run") == true)
            }
            #expect(try String(contentsOfFile: recipe, encoding: .utf8) == "epochs: 3\n")
        }
    }

    @Test func aLockThatCannotBeOpenedIsToldAsWhatItIs() throws {
        try withTemporaryDirectory { directory in
            try FileManager.default.createDirectory(
                atPath: directory + "/.lock", withIntermediateDirectories: false)
            let error = #expect(throws: CommandFailure.self) { try RunFolder(directory, resumes: false) }
            #expect(error?.status == .cannotCreate && error?.description.contains(".lock: Is a directory") == true)
        }
    }

    @Test func whatAKilledProcessHadBegunIsRemoved() throws {
        try withTemporaryDirectory { directory in
            for name in [
                "recipe.yaml", "checkpoint.safetensors.partial-12", "checkpoint.safetensors", "notes.partial",
            ] {
                try "x".write(toFile: "\(directory)/\(name)", atomically: true, encoding: .utf8)
            }
            try FileManager.default.createDirectory(
                atPath: directory + "/best.partial", withIntermediateDirectories: false)
            _ = try RunFolder(directory, resumes: true)
            let left = try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
            #expect(left == [".lock", "checkpoint.safetensors", "notes.partial", "recipe.yaml"])
        }
    }
}
