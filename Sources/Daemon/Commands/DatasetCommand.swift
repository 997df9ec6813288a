import ArgumentParser

struct DatasetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dataset", abstract: "Make lists of clips, check data sets, and draw one.",
        subcommands: [DatasetCheckCommand.self, DatasetSplitCommand.self, DatasetSynthCommand.self])
}
