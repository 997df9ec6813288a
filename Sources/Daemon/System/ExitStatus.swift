import ArgumentParser
import Pipeline
import Plugins
import Recognizer

/// How the program ends, after `sysexits.h`.
enum ExitStatus: Int32, Sendable {
    case ok = 0
    /// An expected negative: a threshold missed.
    case negative = 1
    case usage = 64
    case dataError = 65
    case noInput = 66
    case unavailable = 69
    case software = 70
    case cannotCreate = 73
    case ioError = 74
    case tempFail = 75
    case configuration = 78

    var code: ExitCode { ExitCode(rawValue) }
}

/// A command's own failure, for whatever no module's error says.
struct CommandFailure: Error, Equatable, CustomStringConvertible {
    let status: ExitStatus
    let description: String

    init(_ status: ExitStatus, _ description: String) {
        self.status = status
        self.description = description
    }
}

/// The one place that decides how an error ends the program: its status and the line on standard error.
struct FailureReport: Equatable {
    let status: ExitStatus
    /// One printable line without the program's name.
    let line: String

    init(_ error: any Error) {
        switch error {
        case let failure as CommandFailure: status = failure.status
        case is SettingsError: status = .configuration
        case let error as PipelineError: status = Self.status(of: error)
        case let error as RecognizerError: status = Self.status(of: error)
        case let error as EvaluationError: status = Self.status(of: error)
        case PluginError.file(_, "open", _): status = .cannotCreate
        case is PluginError: status = .ioError
        case is RankGroupError: status = .unavailable
        case let error as ClipFailure: status = error.kind == .missing ? .noInput : .dataError
        case let error as DatasetError: status = Self.status(of: error)
        default: status = .software
        }
        line = "\(error)".oneLine
    }

    private static func status(of error: PipelineError) -> ExitStatus {
        switch error {
        case .sourceRefused: .noInput
        case .unreadable, .badCaps: .dataError
        case .missingElement, .unauthorised, .unreachable: .unavailable
        case .unwritable: .ioError
        }
    }

    private static func status(of error: DatasetError) -> ExitStatus {
        switch error {
        case .io(_, .open, _), .io(_, .read, _): .noInput
        case .io(_, .create, _): .cannotCreate
        case .io(_, .write, _): .ioError
        case .malformed: .dataError
        case .notEnough: .usage
        }
    }

    private static func status(of error: EvaluationError) -> ExitStatus {
        switch error {
        case .io(_, "open", _): .cannotCreate
        case .io: .ioError
        case .malformed, .different, .incomplete: .dataError
        }
    }

    /// Everything but the file system itself, the processor and its libraries is something wrong with what was read.
    private static func status(of error: RecognizerError) -> ExitStatus {
        switch error {
        case .precision, .library: return .unavailable
        default: break
        }
        guard case .io(_, let operation, _) = error else { return .dataError }
        switch operation {
        case "open", "read", "map": return .noInput
        case "create": return .cannotCreate
        default: return .ioError
        }
    }
}
