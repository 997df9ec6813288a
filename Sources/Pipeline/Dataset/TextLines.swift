package import Recognizer

/// Text files line by line: UTF-8 with or without a byte order mark, lines ending in LF or CRLF.
enum TextLines {
    private static let lineByteLimit = 65536

    /// Calls `body` with each line's number, from 1, and its bytes without the line end.
    static func read(
        _ path: String, _ body: (Int, Slice<UnsafeRawBufferPointer>) throws(DatasetError) -> Void
    ) throws(DatasetError) {
        let file = try map(path)
        var rest = Slice(base: file.bytes, bounds: file.bytes.indices)
        if rest.starts(with: [0xEF, 0xBB, 0xBF]) { rest = rest.dropFirst(3) }
        var number = 0
        while !rest.isEmpty {
            number += 1
            let end = rest.firstIndex(of: UInt8(ascii: "\n")) ?? rest.endIndex
            var line = rest[..<end]
            rest = rest[min(end + 1, rest.endIndex)...]
            if line.last == UInt8(ascii: "\r") { line = line.dropLast() }
            guard line.count <= lineByteLimit else {
                throw .malformed(
                    path: path, line: number, reason: "\(line.count) bytes, at most \(lineByteLimit) are read")
            }
            try body(number, line)
        }
    }

    /// The same with text, empty lines left out.
    static func readText(
        _ path: String, _ body: (Int, String) throws(DatasetError) -> Void
    ) throws(DatasetError) {
        try read(path) { (number, bytes) throws(DatasetError) in
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw .malformed(path: path, line: number, reason: "not UTF-8")
            }
            if text.contains(where: { !$0.isWhitespace }) { try body(number, text) }
        }
    }

    static func map(_ path: String) throws(DatasetError) -> MappedFile {
        do {
            return try MappedFile(path)
        } catch {
            throw DatasetError(error)
        }
    }
}

extension DatasetError {
    /// What the recogniser's readers of files say.
    package init(_ error: RecognizerError) {
        switch error {
        case .io(let path, "create", let reason): self = .io(path: path, operation: .create, reason: reason)
        case .io(let path, _, let reason): self = .io(path: path, operation: .open, reason: reason)
        case .malformed(let path, let reason): self = .malformed(path: path, line: nil, reason: reason)
        default: self = .malformed(path: "", line: nil, reason: "\(error)")
        }
    }
}
