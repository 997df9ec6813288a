import Foundation
import Pipeline
import Yams

/// Reads YAML text into a `SettingsNode` tree, with limits that hold before anything large is built.
struct YAMLDocument {
    static let byteLimit = 1 << 20
    /// Mappings and lists within each other.
    static let depthLimit = 50
    /// Values of the whole tree, counted after aliases are expanded.
    static let nodeLimit = 50_000

    private(set) var root: SettingsNode
    private let file: String
    private var nodes = 0

    /// Reads a file. Throws `SettingsError` if it cannot be read, is too large or is no YAML.
    init(file: String) throws {
        let text: String
        do {
            // A pipe that nobody writes to would be waited for.
            let descriptor = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
            guard descriptor >= 0 else {
                throw SettingsError(
                    file: file, mark: nil, path: "", reason: "cannot be read: \(String(cString: strerror(errno)))")
            }
            let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
            let data = try handle.read(upToCount: Self.byteLimit + 1) ?? Data()
            guard data.count <= Self.byteLimit else {
                throw SettingsError(
                    file: file, mark: nil, path: "",
                    reason: "larger than \(Self.byteLimit) bytes, the most that is read")
            }
            text = try Self.text(of: data, file: file)
        } catch let error as SettingsError {
            throw error
        } catch {
            throw SettingsError(file: file, mark: nil, path: "", reason: "cannot be read as a file")
        }
        try self.init(text: text, file: file)
    }

    /// - Parameter file: the name that errors carry.
    init(text: String, file: String) throws {
        guard text.utf8.count <= Self.byteLimit else {
            throw SettingsError(
                file: file, mark: nil, path: "", reason: "larger than \(Self.byteLimit) bytes, the most that is read")
        }
        self.file = file
        let text = text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text
        try Self.refuseControlCharacters(text, file: file)
        try Self.refuseExpandedKeys(text, file: file)
        let composed: Node?
        do {
            composed = try Yams.compose(yaml: text)
        } catch let error as YamlError {
            throw Self.settingsError(error, text: text, file: file)
        }
        root = .mapping([], at: SettingsMark(line: 1, column: 1))
        guard let composed, composed.string != "" else {
            throw SettingsError(
                file: file, mark: SettingsMark(line: 1, column: 1), path: "", reason: "the file holds no settings")
        }
        root = try node(composed, path: "", depth: 0)
    }

    private mutating func node(_ node: Node, path: String, depth: Int) throws -> SettingsNode {
        let mark = Self.mark(of: node)
        nodes += 1
        guard nodes <= Self.nodeLimit else {
            throw SettingsError(
                file: file, mark: mark, path: path,
                reason: "more than \(Self.nodeLimit) values, aliases expanded; the most that is read")
        }
        guard depth <= Self.depthLimit else {
            throw SettingsError(file: file, mark: mark, path: path, reason: Self.tooDeep)
        }
        switch node {
        case .scalar(let scalar):
            return .scalar(scalar.string, quoted: scalar.style != .plain && scalar.style != .any, at: mark)
        case .sequence(let items):
            return .sequence(
                try items.enumerated().map { try self.node($1, path: "\(path)[\($0)]", depth: depth + 1) }, at: mark)
        case .mapping(let pairs):
            return .mapping(
                try pairs.map { key, value in
                    guard case .scalar(let name) = key else {
                        throw SettingsError(
                            file: file, mark: Self.mark(of: key), path: path, reason: "a key must be plain text")
                    }
                    let inner = path.isEmpty ? name.string : "\(path).\(name.string)"
                    return SettingsNode.Entry(
                        key: name.string, keyMark: Self.mark(of: key),
                        value: try self.node(value, path: inner.escapedForLog, depth: depth + 1))
                }, at: mark)
        case .alias:
            throw SettingsError(file: file, mark: mark, path: path, reason: "an alias without its anchor")
        }
    }

    private static func mark(of node: Node) -> SettingsMark {
        SettingsMark(line: node.mark?.line ?? 1, column: node.mark?.column ?? 1)
    }

    private static let tooDeep = "nested deeper than \(depthLimit) levels, the most that is read"
}

extension YAMLDocument {
    /// Decodes UTF-8; an error names the line of the first byte that is none.
    private static func text(of data: Data, file: String) throws -> String {
        if let text = String(validating: data, as: UTF8.self) { return text }
        let repaired = String(decoding: data, as: UTF8.self)
        let valid = repaired.prefix { $0 != "\u{FFFD}" }
        throw SettingsError(
            file: file, mark: place(after: valid.unicodeScalars), path: "", reason: "not UTF-8 text")
    }

    private static func place(after scalars: some Collection<Unicode.Scalar>) -> SettingsMark {
        var (line, column) = (1, 1)
        for scalar in scalars {
            if scalar == "\n" { (line, column) = (line + 1, 1) } else { column += 1 }
        }
        return SettingsMark(line: line, column: column)
    }

    private static func refuseControlCharacters(_ text: String, file: String) throws {
        let bad = text.unicodeScalars.firstIndex {
            ($0.value < 0x20 && $0 != "\t" && $0 != "\n" && $0 != "\r") || $0.value == 0x7f
        }
        guard let bad else { return }
        throw SettingsError(
            file: file, mark: place(after: text.unicodeScalars[..<bad]), path: "",
            reason: "control character \\u{\(String(text.unicodeScalars[bad].value, radix: 16))}")
    }

    /// Keys that are lists, mappings or aliases are hashed by the parser with all aliases expanded, which a few lines can
    /// make endless; where a file has anchors, such keys are refused by their look, before parsing.
    private static func refuseExpandedKeys(_ text: String, file: String) throws {
        guard text.contains("&") else { return }
        let bracketedHost = /(\/\/|@)\[[0-9A-Fa-f:.%]+\]/
        let expandedKey = /(^|[\s\[{,\-:])\?(\s|$)|[\]}]\s*:|\*[A-Za-z0-9_-]+\s*:/
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            guard line.contains(":") || line.contains("?") else { continue }
            let bare = line.replacing(bracketedHost, with: "host")
            guard !bare.drop(while: \.isWhitespace).hasPrefix("#"), bare.contains(expandedKey) else { continue }
            throw SettingsError(
                file: file, mark: SettingsMark(line: number + 1, column: 1), path: "",
                reason: "a key must be plain text, not an alias, a list or a mapping")
        }
    }

    private static func settingsError(_ error: YamlError, text: String, file: String) -> SettingsError {
        func failure(_ mark: SettingsMark?, _ reason: String) -> SettingsError {
            SettingsError(file: file, mark: mark, path: "", reason: reason)
        }
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let place = SettingsMark(line: mark.line, column: mark.column)
            if problem.contains("nest") || context?.text.contains("nest") == true { return failure(place, tooDeep) }
            if character(at: place, in: text) == "\t" {
                return failure(place, "a tab character; YAML is indented with spaces")
            }
            return failure(place, "not valid YAML: " + (context.map { "\($0.text.escapedForLog), " } ?? "") + problem)
        case .duplicatedKeysInMapping(let keys, let context):
            let first = SettingsMark(line: context.mark.line, column: context.mark.column)
            let key = keys.first ?? ""
            return failure(
                second(key, after: first, in: text) ?? first,
                "key \"\(key.escapedForLog)\" is given twice, first in line \(first.line)")
        default:
            return failure(nil, "not valid YAML")
        }
    }

    private static func character(at mark: SettingsMark, in text: String) -> Unicode.Scalar? {
        let lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.indices.contains(mark.line - 1) else { return nil }
        return lines[mark.line - 1].dropFirst(mark.column - 1).first
    }

    /// The place where a block mapping repeats a key: the next line that has it in the same column.
    private static func second(_ key: String, after first: SettingsMark, in text: String) -> SettingsMark? {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        for index in lines.indices.dropFirst(first.line)
        where lines[index].dropFirst(first.column - 1).hasPrefix(key + ":") {
            return SettingsMark(line: index + 1, column: first.column)
        }
        return nil
    }
}
