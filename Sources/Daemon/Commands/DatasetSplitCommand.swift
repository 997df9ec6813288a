import ArgumentParser
import Foundation
import Pipeline
import Recognizer

struct DatasetSplitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "split", abstract: "Make lists and labels of official annotation files, and draw from them.",
        discussion: """
            ucf101: --list trainlist01.txt --labels classInd.txt
            hmdb51: --list testTrainMulti_7030_splits --split 1
            kinetics: --list train.csv
            ssv2: --list something-something-v2-train.json --labels something-something-v2-labels.json
            list: --list train.txt [--labels labels.csv], a list that exists, to draw from

            --shots and --classes draw by the order of SHA-256 of seed and name: the same on every machine, and the clips of \
            fewer shots are among those of more. Lists of official files whose names begin with test or val stay whole.
            """)

    enum Kind: String, ExpressibleByArgument, CaseIterable {
        case ucf101, hmdb51, kinetics, kinetics400, kinetics600, ssv2, list
    }

    enum Layout: String, ExpressibleByArgument, CaseIterable {
        case flat, folders

        var names: AnnotationNames.Layout { self == .flat ? .flat : .folders }
    }

    @Argument(help: "What the files are.")
    var kind = Kind.list

    @Option(help: ArgumentHelp("Annotation file, once for each; of hmdb51 the folder.", valueName: "file"))
    var list: [String] = []

    @Option(
        help: ArgumentHelp(
            "The classes: classInd.txt, labels.json, or a labels.csv whose ids to use.", valueName: "file"))
    var labels: String?

    @Option(help: "Which of hmdb51's three splits.")
    var split: Int?

    @Option(help: ArgumentHelp("The folder to make; it must not exist, or be empty.", valueName: "dir"))
    var output: String

    @Option(help: "Whether clips lie in a folder per class. Default: as the official archives unpack.")
    var layout: Layout?

    @Option(help: ArgumentHelp("Put before every clip's name, such as train/.", valueName: "text"))
    var prefix = ""

    @Option(help: ArgumentHelp("The clips' suffix if they were converted, such as mp4.", valueName: "suffix"))
    var suffix: String?

    @Option(help: ArgumentHelp("Clips to draw of each class: a list for each number.", valueName: "2,4,8,16"))
    var shots: String?

    @Option(help: ArgumentHelp("Leave out classes that this labels.csv names; once for each file.", valueName: "file"))
    var excludeLabels: [String] = []

    @Option(help: "Draw so many of the classes that are left.")
    var classes: Int?

    @Option(help: "Of --shots and --classes.")
    var seed: UInt64?

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        guard !list.isEmpty else { throw ValidationError("--list FILE is needed") }
        let stems = list.map(ActionAnnotations.stem)
        if let twice = stems.first(where: { stem in stems.count { $0 == stem } > 1 }) {
            throw ValidationError("two files of --list are called \(twice), and so would be their lists")
        }
        let counts = try shotCounts
        if counts != nil || classes != nil, seed == nil { throw ValidationError("--shots and --classes need a --seed") }
        if seed != nil, counts == nil, classes == nil { throw ValidationError("--seed is of --shots and --classes") }
        if let classes, classes < 1 { throw ValidationError("--classes must be positive, not \(classes)") }
        if kind == .hmdb51 {
            guard let split, (1...3).contains(split), list.count == 1, labels == nil else {
                throw ValidationError("hmdb51 takes one --list FOLDER and --split 1, 2 or 3, and no --labels")
            }
        } else if split != nil {
            throw ValidationError("--split is of hmdb51; the files of other data sets say which split they are")
        }
        if labels == nil, kind == .ucf101 || kind == .ssv2 {
            throw ValidationError(
                "\(kind) needs --labels \(kind == .ucf101 ? "classInd.txt" : "something-something-v2-labels.json")")
        }
        if labels == nil, kind == .list, classes != nil || !excludeLabels.isEmpty {
            throw ValidationError("--classes and --exclude-labels need --labels labels.csv, to know the names")
        }
        if kind == .list {
            if counts == nil, classes == nil, excludeLabels.isEmpty {
                throw ValidationError(
                    "say what the files are (ucf101, hmdb51, kinetics, ssv2), or draw with --shots or --classes")
            }
            if layout != nil || !prefix.isEmpty || suffix != nil {
                throw ValidationError(
                    "--layout, --prefix and --suffix are of annotation files, not of a list that exists")
            }
        }
    }

    func run() throws {
        MappedFileFault.exitOnTruncation()
        try NewFolder.requireUnused(output)
        var dataset = try annotations()
        if classes != nil || !excludeLabels.isEmpty {
            dataset = try dataset.drawingClasses(
                excluding: excludeLabels.flatMap { try ListFile.labels($0) }, count: classes, seed: seed ?? 0)
        }
        if let counts = try shotCounts {
            dataset.lists = try dataset.lists.flatMap { list in
                // Few shots are trained on, and measured on all of the test clips.
                guard kind == .list || !list.name.contains(/(^|[-_])(test|val)/) else { return [list] }
                return try AnnotatedDataset.shots(
                    of: list, counts: counts, seed: seed ?? 0,
                    classes: dataset.labels.isEmpty ? nil : dataset.labels.count)
            }
        }
        try dataset.write(to: output)
        print(try summary(dataset), terminator: "")
    }

    private func annotations() throws -> AnnotatedDataset {
        let names = AnnotationNames(layout: layout?.names, prefix: prefix, suffix: suffix)
        switch kind {
        case .ucf101: return try ActionAnnotations.ucf101(lists: list, labels: labels ?? "", names: names)
        case .hmdb51: return try ActionAnnotations.hmdb51(folder: list[0], split: split ?? 1, names: names)
        case .kinetics, .kinetics400, .kinetics600:
            return try KineticsAnnotations.read(
                lists: list, labels: labels.map { try ListFile.labels($0) }, names: names)
        case .ssv2: return try SomethingAnnotations.read(lists: list, labels: labels ?? "", names: names)
        case .list:
            let labels = try labels.map { try ListFile.labels($0) } ?? []
            return AnnotatedDataset(
                labels: labels,
                lists: try list.map {
                    AnnotatedDataset.List(
                        name: ActionAnnotations.stem($0),
                        entries: try ClipList.read($0, classes: labels.isEmpty ? nil : labels.count))
                })
        }
    }

    /// Ascending; nil without `--shots`.
    private var shotCounts: [Int]? {
        get throws {
            guard let shots else { return nil }
            let counts = shots.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
            guard counts.allSatisfy({ ($0 ?? 0) > 0 }), Set(counts).count == counts.count else {
                throw ValidationError(
                    "--shots expects different positive numbers such as 2,4,8,16, not \(shots.escapedForLog)")
            }
            return counts.compactMap { $0 }.sorted()
        }
    }

    private struct Written: Encodable {
        let file: String
        let clips: Int
        let classes: Int
        let digest: String
    }

    private func summary(_ dataset: AnnotatedDataset) throws -> String {
        let written = dataset.lists.map { list in
            Written(
                file: "\(output)/\(list.name).txt", clips: list.entries.count,
                classes: Set(list.entries.flatMap(\.classes)).count, digest: ClipList.digest(list.entries))
        }
        guard json else {
            let labels = dataset.labels.isEmpty ? "" : "\(output)/labels.csv: \(dataset.labels.count) classes\n"
            return labels + written.map { "\($0.file): \($0.clips) clips of \($0.classes) classes\n" }.joined()
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(["lists": written]), as: UTF8.self) + "\n"
    }
}
