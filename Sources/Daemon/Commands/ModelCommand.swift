import ArgumentParser

struct ModelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model", abstract: "Make, inspect, run and quantize model directories.",
        subcommands: [
            ModelImportCommand.self, ModelInspectCommand.self, ModelRunCommand.self, ModelQuantizeCommand.self,
        ])
}
