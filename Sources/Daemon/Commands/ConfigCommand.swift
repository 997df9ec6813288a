import ArgumentParser
import Foundation
import Pipeline

struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Check a configuration, or print it with all defaults.",
        subcommands: [Check.self, Print.self])

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "check", abstract: "Check a configuration file and that its model exists.",
            discussion: "Exits with 78 and one line that names file, line, column and reason if something is wrong.")

        @Argument(help: "The configuration file.")
        var file: String

        @Flag(help: "Print JSON, also of an error.")
        var json = false

        func run() throws {
            do {
                let settings = try Configuration(file: file)
                let summary = try ConfigurationSummary(settings)
                print(json ? summary.document.pretty : summary.text)
                for warning in settings.warnings {
                    StandardError.tell("warning: \(warning.escapedForLog)")
                }
            } catch let error as SettingsError where json {
                print(ConfigurationSummary.document(of: error).pretty)
                throw error
            }
        }
    }

    struct Print: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "print", abstract: "Print the whole effective configuration, defaults included.",
            discussion: """
                Secrets are shown as their references; passwords in clear text as ***. Sinks are shown as they are written; \
                docs/plugins.md has their defaults.
                """)

        @Argument(help: "The configuration file.")
        var file: String

        @Flag(help: "Print JSON instead of YAML.")
        var json = false

        func run() throws {
            let effective = try Configuration(file: file).effective
            print(
                json ? SettingsWriter.json(effective).pretty + "\n" : try SettingsWriter.yaml(effective), terminator: ""
            )
        }
    }
}
