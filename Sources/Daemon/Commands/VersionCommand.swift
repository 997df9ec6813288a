import ArgumentParser
import Recognizer

struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Print the versions of claverd and of the libraries it runs on.")

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        print(json ? Self.document.pretty : Self.text)
    }

    private static var lines: [(String, String)] {
        [
            ("claverd", ClaverdVersion.current), ("swift", ClaverdVersion.swift), ("system", ClaverdVersion.system),
        ] + ClaverdVersion.libraries.map { ($0.name, $0.version) } + [
            ("OpenBLAS kernels", OpenBLASKernels.processor)
        ]
    }

    static var text: String { lines.map { "\($0) \($1)" }.joined(separator: "\n") }

    static var document: JSONText { .object(lines.map { ($0, .text($1)) }) }
}
