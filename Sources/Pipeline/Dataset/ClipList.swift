import Recognizer

/// Lists of clips: a line for each, its name and the ids of its classes.
///
/// UTF-8, with or without a byte order mark, lines ending in LF or CRLF, empty lines passed over, no comments. A tab ends the
/// name; without one the name ends before the integers at the end of the line, or before the last word if that has a comma:
/// `dir/a b.mp4 3`, `a.mp4 3 7`, `a.mp4 3,7`. A name whose own last word is an integer takes the tab.
package enum ClipList {
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
        let (lines, faults) = try inspect(path)
        if let fault = faults.first { throw .malformed(path: path, line: fault.line, reason: fault.reason) }
        return lines
    }

    /// A line that is no clip.
    package struct Fault: Sendable, Equatable {
        package let line: Int
        package let reason: String
    }

    /// Reads a list and tells every line that is not acceptable. Throws for what is no list at all.
    package static func inspect(_ path: String) throws(DatasetError) -> (lines: [Line], faults: [Fault]) {
        var lines: [Line] = []
        var faults: [Fault] = []
        try TextLines.read(path) { (number, bytes) throws(DatasetError) in
            do throws(ClipName.Fault) {
                if let entry = try entry(bytes) { lines.append(Line(number: number, entry: entry)) }
            } catch {
                faults.append(Fault(line: number, reason: error.reason))
            }
            guard lines.count + faults.count <= ClipStores.clipLimit else {
                throw .malformed(path: path, line: number, reason: "more than \(ClipStores.clipLimit) clips")
            }
        }
        guard !lines.isEmpty || !faults.isEmpty else {
            throw .malformed(path: path, line: nil, reason: "no clips; a line is NAME CLASS")
        }
        return (lines, faults)
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
