import ArgumentParser
import Foundation
import Pipeline
import Recognizer

struct DatasetCheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Find what would spoil a measurement, before it is made.",
        discussion: """
            Reports clips that are missing, empty, without video, undecodable or hang the decoder, entries that are no \
            regular files, wrong lines, classes out of range or without clips, clips that stand twice, and clips that are \
            in both lists, by name or by content. Exits with 65 if there is anything to report.
            """)

    @Option(help: ArgumentHelp("A folder of videos, or an uncompressed .tar.", valueName: "path"))
    var data: String

    @Option(help: ArgumentHelp("The list: a line NAME CLASS for each clip.", valueName: "file"))
    var list: String

    @Option(help: ArgumentHelp("A second list, of which no clip may be in the first.", valueName: "file"))
    var val: String?

    @Option(help: ArgumentHelp("The labels.csv (id,name) of the classes.", valueName: "file"))
    var labels: String

    @Flag(help: "Do not decode clips.")
    var skipDecoding = false

    @Option(help: "A decoder that gives no picture for so long hangs.")
    var timeLimit = "30s"

    @Option(help: "Clips read at a time.")
    var threads = Processors.count

    @Flag(help: "Print JSON, with every finding.")
    var json = false

    func validate() throws {
        guard let limit = SettingsReader.duration(from: timeLimit), limit >= .milliseconds(100), limit <= .seconds(3600)
        else {
            throw ValidationError("--time-limit expects 100ms to 1h, not \(timeLimit.escapedForLog)")
        }
        guard (1...1024).contains(threads) else {
            throw ValidationError("--threads must be in 1...1024, not \(threads)")
        }
    }

    func run() throws {
        MappedFileFault.exitOnTruncation()
        let labels = try ListFile.labels(labels)
        let training = try DatasetCheck.List(list)
        let validation: DatasetCheck.List? = if let val { try DatasetCheck.List(val) } else { nil }
        let store = try ClipStores.open(data, cache: ConfigurationEnvironment.current.cacheDirectory)
        let limit = SettingsReader.duration(from: timeLimit) ?? .seconds(30)
        let check = DatasetCheck(
            store: store, labels: labels, list: training, validation: validation, threads: threads,
            timeLimit: skipDecoding ? nil : limit)
        let line = DatasetProgress()
        let report = check.run { done, total in line.show(done: done, total: total) }
        line.clear()
        print(json ? try report.json : report.table, terminator: "")
        guard report.isClean else { throw ExitStatus.dataError.code }
    }
}
