import ArgumentParser
import Foundation
import Pipeline
import Recognizer

struct DatasetSynthCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "synth", abstract: "Draw a data set to try training and measuring with, without any download.",
        discussion: """
            Fifteen actions of a jointed figure, clips of 36 frames of 112 by 112 pixels in H.264, with train.txt, val.txt and \
            labels.csv. Sitting down and standing up differ only in the order of their frames; with --mixed-walks walking left and \
            walking right do, too. The same seed draws the same pictures. All is written or nothing; a folder that is not empty is refused.
            """)

    @Option(help: ArgumentHelp("The folder to make; it must not exist, or be empty.", valueName: "dir"))
    var output: String

    @Option(help: "Clips of each class to train with.")
    var clipsPerClass = 160

    @Option(help: "Clips of each class to measure with.")
    var valPerClass = 20

    @Option(help: "What is drawn depends on it alone.")
    var seed: UInt64 = 0

    @Flag(help: "Let half of the figures walk backwards: no frame shows by itself where they go.")
    var mixedWalks = false

    @Flag(help: "Write an archive videos.tar, not a folder videos.")
    var tar = false

    @Option(help: "Clips drawn at a time. Default: as many as there are processors.")
    var threads: Int?

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        for (name, count) in [("--clips-per-class", clipsPerClass), ("--val-per-class", valPerClass)] {
            guard (1...100_000).contains(count) else {
                throw ValidationError("\(name) must be in 1...100000, not \(count)")
            }
        }
        guard (1...1024).contains(threads ?? 1) else {
            throw ValidationError("--threads must be in 1...1024, not \(threads ?? 1)")
        }
    }

    func run() throws {
        let dataset = SynthDataset(
            clipsPerClass: clipsPerClass, valPerClass: valPerClass, seed: seed, mixesWalks: mixedWalks)
        let form: SynthDataset.Form = tar ? .archive : .folder
        let line = DatasetProgress()
        let interruption = Interruption { line.clear() }
        let outcome = try dataset.write(
            to: output, as: form, threads: threads ?? Processors.count,
            isStopped: { interruption.isRequested },
            progress: { done, total in line.show(done: done, total: total) })
        line.clear()
        guard outcome == .written else {
            throw CommandFailure(.tempFail, "interrupted: nothing of \(output.escapedForLog) was written")
        }
        print(try summary(dataset, form), terminator: "")
    }

    private struct Written: Encodable {
        let data: String
        let labels: String
        let lists: [List]

        struct List: Encodable {
            let file: String
            let clips: Int
            let classes: Int
            let digest: String
        }
    }

    private func summary(_ dataset: SynthDataset, _ form: SynthDataset.Form) throws -> String {
        let annotations = dataset.annotations
        let written = Written(
            data: "\(output)/\(form.name)", labels: "\(output)/labels.csv",
            lists: annotations.lists.map { list in
                Written.List(
                    file: "\(output)/\(list.name).txt", clips: list.entries.count, classes: annotations.labels.count,
                    digest: ClipList.digest(list.entries))
            })
        guard json else {
            let clips = written.lists.reduce(0) { $0 + $1.clips }
            return "\(written.data): \(clips) clips\n\(written.labels): \(annotations.labels.count) classes\n"
                + written.lists.map { "\($0.file): \($0.clips) clips of \($0.classes) classes\n" }.joined()
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(written), as: UTF8.self) + "\n"
    }
}
