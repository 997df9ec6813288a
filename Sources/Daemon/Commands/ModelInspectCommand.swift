import ArgumentParser
import Foundation
import Recognizer

struct ModelInspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Print geometry, parameters, cost and memory of a model directory.")

    @Argument(help: "The model: a directory, or a name on the model path.")
    var model: String

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        MappedFileFault.exitOnTruncation()
        print(try Self.report(ModelPath.fromHere(model), json: json), terminator: "")
    }

    static func report(_ directory: String, json: Bool) throws -> String {
        let report = ModelReport(try ModelDirectory.open(directory))
        guard json else { return report.text }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(report), as: UTF8.self) + "\n"
    }
}
