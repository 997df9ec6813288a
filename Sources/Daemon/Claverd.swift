import ArgumentParser

@main
struct Claverd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "claverd", abstract: "Recognises actions in video streams, named in plain text.")
}
