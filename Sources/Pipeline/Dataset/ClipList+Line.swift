extension ClipList {
    /// Nil for an empty line.
    static func entry(_ bytes: Slice<UnsafeRawBufferPointer>) throws(ClipName.Fault) -> ClipEntry? {
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
    static func looksLikeIds(_ word: Substring) -> Bool {
        word.utf8.contains { (0x30...0x39).contains($0) }
            && word.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "-") }
    }
}
