import ArgumentParser

struct PromptsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prompts", abstract: "Write texts about actions, which describe them better than their names.",
        subcommands: [PromptsGenerateCommand.self])
}
