import ArgumentParser

struct DatasetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dataset", abstract: "Make lists of clips, and check data sets.",
        subcommands: [DatasetCheckCommand.self, DatasetSplitCommand.self])
}
