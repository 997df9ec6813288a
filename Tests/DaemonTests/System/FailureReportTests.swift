import Pipeline
import Recognizer
import Testing

@testable import Daemon

@Suite struct FailureReportTests {
    private struct Unforeseen: Error {}

    @Test func mapsEveryErrorToItsStatus() {
        let expected: [(any Error, Daemon.ExitStatus)] = [
            (SettingsError(file: "f", mark: nil, path: "", reason: "r"), .configuration),
            (CommandFailure(.cannotCreate, "r"), .cannotCreate),
            (PipelineError.sourceRefused(uri: "u", reason: "r"), .noInput),
            (PipelineError.unreadable(source: "u", reason: "r"), .dataError),
            (PipelineError.unwritable(file: "f", reason: "r"), .ioError),
            (PipelineError.missingElement(source: "u", element: "e", package: nil), .unavailable),
            (RecognizerError.io(path: "p", operation: "open", reason: "r"), .noInput),
            (RecognizerError.io(path: "p", operation: "write", reason: "r"), .ioError),
            (RecognizerError.malformed(path: "p", reason: "r"), .dataError),
            (Unforeseen(), .software),
        ]
        for (error, status) in expected { #expect(FailureReport(error).status == status, "\(error)") }
    }

    @Test func isOneLineWhateverTheText() {
        let report = FailureReport(PipelineError.unreadable(source: "a\nb", reason: "\u{1b}[31m"))
        #expect(report.line == "a\\u{a}b: \\u{1b}[31m")
    }
}
