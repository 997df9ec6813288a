import Foundation
import Pipeline

/// Resolves `${env:NAME}` and `${credential:NAME}` in every text of a configuration tree and remembers what must never be
/// shown.
struct SecretReferences {
    let environment: ConfigurationEnvironment
    let file: String
    /// Secret files that others can read, as lines for the log.
    private(set) var warnings: [String] = []
    private(set) var redactor = Redactor()

    private static let fileLimit = 64 << 10

    init(environment: ConfigurationEnvironment, file: String) {
        self.environment = environment
        self.file = file
    }

    /// The tree with every reference replaced by its value; places stay.
    mutating func resolve(_ node: SettingsNode, path: String = "") throws -> SettingsNode {
        switch node {
        case .scalar(let text, let quoted, let mark):
            guard text.contains("${") else { return node }
            return .scalar(try resolve(text, mark: mark, path: path), quoted: quoted, at: mark)
        case .sequence(let items, let mark):
            return .sequence(
                try items.enumerated().map { try resolve($1, path: "\(path)[\($0)]") }, at: mark)
        case .mapping(let entries, let mark):
            return .mapping(
                try entries.map {
                    SettingsNode.Entry(
                        key: $0.key, keyMark: $0.keyMark,
                        value: try resolve($0.value, path: path.isEmpty ? $0.key : "\(path).\($0.key)"))
                }, at: mark)
        }
    }

    private mutating func resolve(_ written: String, mark: SettingsMark, path: String) throws -> String {
        func failure(_ reason: String) -> SettingsError {
            SettingsError(file: file, mark: mark, path: path, reason: reason)
        }
        var result = ""
        var rest = written[...]
        while let start = rest.range(of: "${") {
            result += rest[..<start.lowerBound]
            let before = written[..<start.lowerBound]
            guard let end = rest[start.upperBound...].firstIndex(of: "}") else {
                throw failure("\"${\" without \"}\"; write ${env:NAME} or ${credential:NAME}")
            }
            let reference = String(rest[start.upperBound..<end])
            rest = rest[rest.index(after: end)...]
            let value: String
            switch self.value(of: reference) {
            case .success(let found): value = found
            case .failure(let missing): throw failure("${\(reference.escapedForLog)}: \(missing.reason)")
            }
            let inserted = URIText.isUserInformation(before: before, after: rest) ? URIText.encoded(value) : value
            redactor.hide(value, as: "${\(reference)}")
            redactor.hide(inserted, as: "${\(reference)}")
            result += inserted
        }
        result += rest
        redactor.hide(result, as: written)
        return result
    }

    private struct Missing: Error { let reason: String }

    private mutating func value(of reference: String) -> Result<String, Missing> {
        let parts = reference.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, ["env", "credential"].contains(parts[0]) else {
            return .failure(Missing(reason: "unknown reference; write ${env:NAME} or ${credential:NAME}"))
        }
        let name = parts[1]
        guard !name.isEmpty, name.first != ".",
            name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) })
        else {
            return .failure(Missing(reason: "a name has letters, digits, \".\", \"_\" and \"-\" only"))
        }
        if parts[0] == "env" {
            guard let value = environment.variables[name] else {
                return .failure(Missing(reason: "the environment has no variable \(name)"))
            }
            return .success(value)
        }
        guard let directory = environment.variables["CREDENTIALS_DIRECTORY"] else {
            return .failure(
                Missing(
                    reason: "$CREDENTIALS_DIRECTORY is not set; in a unit add LoadCredential=\(name):FILE,"
                        + " by hand set it to a directory that has the file \(name)"))
        }
        return credential("\(directory)/\(name)")
    }

    private mutating func credential(_ path: String) -> Result<String, Missing> {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            return .failure(Missing(reason: "there is no file \(path)"))
        }
        guard status.st_size <= Self.fileLimit, let data = FileManager.default.contents(atPath: path),
            let text = String(validating: data, as: UTF8.self)
        else {
            return .failure(Missing(reason: "\(path) cannot be read as text of at most \(Self.fileLimit) bytes"))
        }
        if status.st_mode & S_IROTH != 0 {
            warnings.append("\(path) holds a secret and everybody can read it; chmod 600 it")
        }
        var value = text
        if value.last?.isNewline == true { value.removeLast() }
        return .success(value)
    }
}

/// Puts references back in place of secrets, in whatever text is about to be shown.
struct Redactor: Sendable {
    private var hidden: [(value: String, shown: String)] = []
    /// Anything shorter protects nothing and would tear holes into ordinary words and numbers.
    private static let shortestSecret = 4

    mutating func hide(_ value: String, as shown: String) {
        for form in Set([value, value.escapedForLog]) where form.count >= Self.shortestSecret && form != shown {
            guard !hidden.contains(where: { $0.value == form }) else { continue }
            hidden.append((form, shown))
        }
        // The longest first, so that a secret that contains another is replaced whole.
        hidden.sort { $0.value.count > $1.value.count }
    }

    func redacted(_ text: String) -> String {
        hidden.reduce(text) { $0.replacingOccurrences(of: $1.value, with: $1.shown) }
    }

    func redacted(_ error: SettingsError) -> SettingsError {
        SettingsError(
            file: error.file, mark: error.mark, path: redacted(error.path), reason: redacted(error.reason))
    }
}
