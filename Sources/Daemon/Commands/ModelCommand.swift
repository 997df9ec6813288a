import ArgumentParser

struct ModelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model", abstract: "Make, inspect and run model directories.",
        subcommands: [ModelImportCommand.self, ModelInspectCommand.self, ModelRunCommand.self])
}
