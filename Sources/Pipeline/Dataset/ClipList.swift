import Recognizer

/// Lists of clips: a line for each, its name and the ids of its classes.
///
/// UTF-8, with or without a byte order mark, lines ending in LF or CRLF, empty lines passed over, no comments. A tab ends the
/// name; without one the name ends before the integers at the end of the line, or before the last word if that has a comma:
/// `dir/a b.mp4 3`, `a.mp4 3 7`, `a.mp4 3,7`. A name whose own last word is an integer takes the tab.
package enum ClipList {
    private static let lineByteLimit = 8192
    private static let lineLimit = 10_000_000

    /// A line of a list.
    package struct Line: Sendable, Equatable {
        package let number: Int
        package let entry: ClipEntry
    }

    /// Reads a list in which every clip stands once.
    ///
    /// - Parameter classes: the number of classes that ids must lie below; nil takes any.
    /// - Throws: `DatasetError` with the first line that is not acceptable.
    package static func read(_ path: String, classes: Int?) throws(DatasetError) -> [ClipEntry] {
        let lines = try lines(path)
        var seen: [String: Int] = [:]
        seen.reserveCapacity(lines.count)
        for line in lines {
            if let classes, let outside = line.entry.classes.first(where: { $0 >= classes }) {
                throw .malformed(
                    path: path, line: line.number,
                    reason: "class \(outside), but there are \(classes) classes, 0 to \(classes - 1)")
            }
            if let other = seen.updateValue(line.number, forKey: line.entry.name) {
                throw .malformed(
                    path: path, line: line.number,
                    reason:
                        "\"\(line.entry.name.escapedForLog)\" stands on line \(other) too; all classes of a clip go on one line"
                )
            }
        }
        return lines.map(\.entry)
    }

    /// Reads a list, whatever its ids are and however often a clip stands in it.
    package static func lines(_ path: String) throws(DatasetError) -> [Line] {
        let file: MappedFile
        do {
            file = try MappedFile(path)
        } catch {
            throw DatasetError(error)
        }
        var rest = Slice(base: file.bytes, bounds: file.bytes.indices)
        if rest.starts(with: [0xEF, 0xBB, 0xBF]) { rest = rest.dropFirst(3) }
        var lines: [Line] = []
        var number = 0
        while !rest.isEmpty {
            number += 1
            let end = rest.firstIndex(of: UInt8(ascii: "\n")) ?? rest.endIndex
            var bytes = rest[..<end]
            rest = rest[min(end + 1, rest.endIndex)...]
            if bytes.last == UInt8(ascii: "\r") { bytes = bytes.dropLast() }
            do {
                if let entry = try entry(bytes) { lines.append(Line(number: number, entry: entry)) }
            } catch {
                throw .malformed(path: path, line: number, reason: error.reason)
            }
            guard lines.count <= lineLimit else {
                throw .malformed(path: path, line: number, reason: "more than \(lineLimit) clips")
            }
        }
        guard !lines.isEmpty else { throw .malformed(path: path, line: nil, reason: "no clips; a line is NAME CLASS") }
        return lines
    }

    /// Nil for an empty line.
    private static func entry(_ bytes: Slice<UnsafeRawBufferPointer>) throws(ClipName.Fault) -> ClipEntry? {
        guard bytes.count <= lineByteLimit else {
            throw ClipName.Fault(reason: "\(bytes.count) bytes, at most \(lineByteLimit) are read")
        }
        guard let line = String(validating: bytes, as: UTF8.self) else { throw ClipName.Fault(reason: "not UTF-8") }
        let (name, words) = split(line)
        guard let name else {
            if words.isEmpty { return nil }
            throw ClipName.Fault(reason: "a class id without a name; a line is NAME CLASS")
        }
        guard !words.isEmpty else {
            throw ClipName.Fault(
                reason: "\"\(line.escapedForLog(limit: 80))\" has no class id at its end; a line is NAME CLASS")
        }
        var classes: [Int] = []
        for word in words {
            guard let id = Int(word), word.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
                throw ClipName.Fault(
                    reason: "class \"\(String(word).escapedForLog(limit: 40))\" is no whole number from 0 on")
            }
            guard !classes.contains(id) else { throw ClipName.Fault(reason: "class \(id) stands twice") }
            classes.append(id)
        }
        return ClipEntry(name: try ClipName.normalised(String(name)), classes: classes)
    }

    /// The name and the words that should be class ids.
    private static func split(_ line: String) -> (name: Substring?, classes: [Substring]) {
        func isBlank(_ unit: UInt8) -> Bool { unit == 0x20 || unit == 0x09 }
        func trimmed(_ text: Substring) -> Substring? {
            let start = text.utf8.drop(while: isBlank)
            guard let last = start.lastIndex(where: { !isBlank($0) }) else { return nil }
            return Substring(start[...last])
        }
        func ids(_ text: Substring) -> [Substring] {
            text.utf8.split { isBlank($0) || $0 == UInt8(ascii: ",") }.map { Substring($0) }
        }
        guard var name = trimmed(Substring(line)) else { return (nil, []) }
        if let tab = name.utf8.lastIndex(of: 0x09) {
            return (trimmed(name[..<tab]), ids(name[name.utf8.index(after: tab)...]))
        }
        var classes: [Substring] = []
        while let space = name.utf8.lastIndex(of: 0x20) {
            let word = name[name.utf8.index(after: space)...]
            let isList = word.utf8.contains(UInt8(ascii: ","))
            guard looksLikeIds(word), !(isList && !classes.isEmpty), let rest = trimmed(name[..<space]) else { break }
            classes = ids(word) + classes
            name = rest
            if isList { break }
        }
        if classes.isEmpty, looksLikeIds(name) { return (nil, [name]) }
        return (name, classes)
    }

    /// Digits, commas and a sign, so that `-1` is told as a bad class and not taken for part of a name.
    private static func looksLikeIds(_ word: Substring) -> Bool {
        word.utf8.contains { (0x30...0x39).contains($0) }
            && word.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "-") }
    }

    /// Hexadecimal SHA-256 of names and classes, in their order; line ends and spelling of the file do not count.
    package static func digest(_ entries: [ClipEntry]) -> String {
        var hash = SHA256()
        for entry in entries {
            hash.update("\(entry.name)\u{0}\(entry.classes.map(String.init).joined(separator: ","))\n")
        }
        return SHA256.hex(hash.finalize())
    }

    /// The text of a list, which `read` takes back unchanged.
    package static func text(_ entries: [ClipEntry]) -> String {
        entries.map { entry in
            let classes = entry.classes.map(String.init).joined(separator: ",")
            let lastWord = entry.name[
                (entry.name.utf8.lastIndex(of: 0x20).map(entry.name.utf8.index(after:)) ?? entry.name.startIndex)...]
            return entry.name + (looksLikeIds(lastWord) && lastWord.count < entry.name.count ? "\t" : " ") + classes
                + "\n"
        }
        .joined()
    }
}

extension DatasetError {
    init(_ error: RecognizerError) {
        switch error {
        case .io(let path, _, let reason): self = .io(path: path, operation: .open, reason: reason)
        case .malformed(let path, let reason): self = .malformed(path: path, line: nil, reason: reason)
        default: self = .malformed(path: "", line: nil, reason: "\(error)")
        }
    }
}
