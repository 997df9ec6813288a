import ArgumentParser
import Foundation
import Recognizer

@main
struct Claverd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "claverd", abstract: "Recognises actions in video streams, named in plain text.",
        version: ClaverdVersion.current,
        subcommands: [
            RunCommand.self, ClassifyCommand.self, EvalCommand.self, TrainCommand.self, DatasetCommand.self,
            PromptsCommand.self,
            ModelCommand.self, ConfigCommand.self, BenchCommand.self, VersionCommand.self,
        ])

    static func main() async {
        StandardOutput.open()
        OpenBLASKernels.restartIfMistaken()
        Signal.ignoreBrokenPipes()
        let command: any ParsableCommand
        do {
            command = try parseAsRoot()
        } catch {
            exit(withError: error)
        }
        do {
            try await run(command)
            try StandardOutput.finish()
        } catch let error where isOfTheParser(error) {
            exit(withError: error)
        } catch {
            let report = FailureReport(error)
            StandardError.tell(report.line)
            exit(withError: report.status.code)
        }
    }

    /// A request for help, a wrong argument, or a plain exit status: what the parser itself shows. It takes every error
    /// that it does not know for a failure.
    private static func isOfTheParser(_ error: any Error) -> Bool {
        error is ExitCode || exitCode(for: error) != .failure
    }

    private static func run(_ command: any ParsableCommand) async throws {
        var command = command
        if var asynchronous = command as? any AsyncParsableCommand {
            try await asynchronous.run()
        } else {
            try command.run()
        }
    }
}
